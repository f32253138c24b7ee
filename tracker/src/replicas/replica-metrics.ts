import { Counter, Gauge, type Registry } from 'prom-client';

export interface ReplicaGauges {
  isUp(): boolean;
  replicas(): number;
}

export interface ReplicaMetrics {
  readonly commands: Counter;
  readonly frames: Counter<'direction'>;
  readonly lost: Counter;
}

/** Only of a tracker that has `--redis`. */
export function createReplicaMetrics(registry: Registry, gauges: ReplicaGauges): ReplicaMetrics {
  const registers = [registry];
  new Gauge({
    name: 'nearcast_tracker_redis_up',
    help: '1 while this replica is one of those that Redis connects; 0 while it goes on alone.',
    registers,
    collect() {
      this.set(+gauges.isUp());
    },
  });
  new Gauge({
    name: 'nearcast_tracker_replicas',
    help: 'Replicas that there are, this one included, as far as it knows.',
    registers,
    collect() {
      this.set(gauges.replicas());
    },
  });
  return {
    commands: new Counter({
      name: 'nearcast_tracker_redis_commands_total',
      help: 'Round trips to Redis: leases, and letters to other replicas.',
      registers,
    }),
    frames: new Counter({
      name: 'nearcast_tracker_replica_frames_total',
      help: 'What replicas told each other: joins, commands, messages to viewers.',
      labelNames: ['direction'], // sent | received
      registers,
    }),
    lost: new Counter({
      name: 'nearcast_tracker_relay_lost_total',
      help: 'What could not be told to another replica.',
      registers,
    }),
  };
}
