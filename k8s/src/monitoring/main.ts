import { writeFile } from 'node:fs/promises';
import { ruleObjects, ruleObjectsFile } from './rule-objects.ts';

await writeFile(ruleObjectsFile, await ruleObjects());
