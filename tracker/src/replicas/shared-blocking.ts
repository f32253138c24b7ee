import type { SwarmBlocking } from '../access/blocked-routes.ts';
import type { Bus } from './bus.ts';

/** What is blocked at one replica is blocked at all. While Redis is away it is blocked here, and told when it is back. */
export class SharedBlocking implements SwarmBlocking {
  readonly #local: SwarmBlocking;
  readonly #bus: Bus;
  readonly #untold = new Map<string, boolean>();

  constructor(local: SwarmBlocking, bus: Bus) {
    this.#local = local;
    this.#bus = bus;
  }

  names(): readonly string[] {
    return this.#local.names();
  }

  block(swarm: string): void {
    this.#local.block(swarm);
    void this.#tell(swarm, true);
  }

  unblock(swarm: string): boolean {
    const was = this.#local.unblock(swarm);
    void this.#tell(swarm, false);
    return was;
  }

  /** Takes over what others have changed. @param isBack after Redis was away, perhaps without what it knew */
  async refresh(isBack: boolean): Promise<void> {
    try {
      const everywhere = new Set(await this.#bus.blocked(isBack ? this.#local.names() : undefined));
      const here = new Set(this.#local.names());
      for (const [swarm, isBlocked] of this.#untold) {
        if (isBlocked) everywhere.add(swarm);
        else everywhere.delete(swarm);
      }
      for (const swarm of everywhere) if (!here.has(swarm)) this.#local.block(swarm);
      for (const swarm of here) if (!everywhere.has(swarm)) this.#local.unblock(swarm);
      for (const [swarm, isBlocked] of this.#untold) await this.#tell(swarm, isBlocked);
    } catch {
      // Redis is away: it is asked again when it is back.
    }
  }

  async #tell(swarm: string, isBlocked: boolean): Promise<void> {
    this.#untold.set(swarm, isBlocked);
    try {
      await this.#bus.setBlocked(swarm, isBlocked);
      if (this.#untold.get(swarm) === isBlocked) this.#untold.delete(swarm);
    } catch {
      // Told when it is back.
    }
  }
}
