import type { Dashboard } from '../panel.ts';
import { abuse } from './abuse.ts';
import { edge } from './edge.ts';
import { experience } from './experience.ts';
import { savings } from './savings.ts';
import { swarm } from './swarm.ts';
import { tracker } from './tracker.ts';

/** One for each question of an operator. */
export const dashboards: readonly Dashboard[] = [savings, experience, swarm, edge, tracker, abuse];
