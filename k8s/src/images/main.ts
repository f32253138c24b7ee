// Writes the file tree of an image: the build stage of the Dockerfile runs this, and so does its test.
import { Argument, Command } from 'commander';
import { type Service, writeImageTree } from './image-tree.ts';

const command = new Command('image-tree')
  .description("Writes what a service's image has in /app.")
  .addArgument(new Argument('<service>').choices(['tracker', 'edge']))
  .argument('<folder>', 'where to write; made when missing')
  .action(async (service: Service, folder: string) => {
    const { files } = await writeImageTree(service, folder);
    process.stdout.write(`${folder}: ${files.join(' ')}\n`);
  });
await command.parseAsync();
