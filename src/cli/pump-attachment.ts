import type { Attachment } from '../engine/index.ts';
import type { Cli } from './cli.ts';
import { pumpInput } from './pump-input.ts';
import { writeForeign } from './write-foreign.ts';

/** How the terminal of the caller is connected. */
export interface PumpOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly detachKeys?: readonly number[];
  /** Gets signals of this process; without it they end the connection. */
  readonly onSignal?: (signal: NodeJS.Signals) => void;
}

/** Connects this terminal with a running container until it ends or the keys to leave it are typed. */
export async function pumpAttachment(
  cli: Cli,
  attachment: Attachment,
  { tty, interactive, detachKeys, onSignal }: PumpOptions,
): Promise<'ended' | 'detached'> {
  const left = Promise.withResolvers<'detached'>();
  const onDetach = () => left.resolve('detached');
  const release = cli.takeSignals(onSignal ?? onDetach);
  const keys = detachKeys === undefined ? {} : { detachKeys };
  using _input = interactive ? pumpInput(cli, attachment, { tty, ...keys, onDetach }) : undefined;
  try {
    return await Promise.race([copy(cli, attachment, tty), left.promise]);
  } finally {
    release();
  }
}

async function copy(cli: Cli, { output }: Attachment, tty: boolean): Promise<'ended'> {
  for await (const { stream, data } of output) {
    writeForeign(stream === 'stderr' ? cli.stderr : cli.stdout, data, { raw: tty });
  }
  return 'ended';
}
