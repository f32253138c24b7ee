import { type ConnectionKind, connectionKinds } from '@nearcast/protocol';

/** The ends of the candidate pair that a connection uses; undefined when the browser does not say. */
export function connectionKindOf(report: RTCStatsReport): ConnectionKind | undefined {
  const stats = [...report.values()];
  const selected = stats.find(({ type }) => type === 'transport')?.selectedCandidatePairId;
  const pair = stats.find(
    ({ id, type, selected: isSelected }) => type === 'candidate-pair' && (id === selected || isSelected === true),
  );
  const kinds = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) =>
    connectionKinds.indexOf(report.get(id)?.candidateType),
  );
  // The farther of the two; of one that is not named nothing can be said.
  return kinds.includes(-1) ? undefined : connectionKinds[Math.max(...kinds)];
}
