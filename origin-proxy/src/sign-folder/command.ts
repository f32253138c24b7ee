import { writeFile } from 'node:fs/promises';
import { listParser, optionsOf } from '@nearcast/service-kit';
import { Command, InvalidArgumentError } from 'commander';
import { loadSigningKeys } from '../integrity/signing-keys.ts';
import { signFolder } from './sign-folder.ts';

interface SignOptions {
  readonly signingKey: readonly string[];
  readonly pathPrefix: string;
  readonly keys?: string;
}

const option = optionsOf('NEARCAST_EDGE');

/** `nearcast-edge sign <dir>`: one line of outcome, or one line of what is wrong and exit code 1. */
export async function runSign(argv: readonly string[]): Promise<void> {
  const command = new Command('nearcast-edge sign')
    .description('Writes signed manifests beside the segments of a packaged VOD.')
    .argument('<dir>', 'folder with playlists and segments')
    .addOption(
      option('--signing-key <files>', 'keys for manifests (PEM, made when missing); the first signs')
        .argParser(listParser())
        .makeOptionMandatory(),
    )
    .addOption(option('--path-prefix <path>', 'path of the folder on the site').default('/').argParser(parsePrefix))
    .addOption(option('--keys <file>', 'where to write the public keys (JWKS)'))
    .parse(argv, { from: 'user' });
  const [folder = '.'] = command.args;
  const { signingKey, pathPrefix, keys: keysFile } = command.opts<SignOptions>();
  try {
    const keys = await loadSigningKeys(signingKey);
    const { manifests, bytes } = await signFolder(folder, pathPrefix, keys);
    if (keysFile !== undefined) await writeFile(keysFile, `${JSON.stringify({ keys: keys.published })}\n`);
    process.stdout.write(`nearcast-edge: ${manifests} manifests for ${bytes} bytes\n`);
  } catch (error) {
    process.stderr.write(`nearcast-edge: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function parsePrefix(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('It must begin with "/".');
  return text.endsWith('/') ? text : `${text}/`;
}
