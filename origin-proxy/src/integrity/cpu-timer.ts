/** Starts to measure the processor time of this thread. @returns what tells how much there has been since, seconds */
export function cpuTimer(): () => number {
  const began = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1e6;
  };
}
