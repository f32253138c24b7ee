import { writeFile } from 'node:fs/promises';
import { committedFiles } from './committed-files.ts';

for (const { file, text } of committedFiles()) await writeFile(file, text);
