import { type Fail, Flags } from './flags.ts';
import type { RunInstruction } from './instruction.ts';
import { checkMount } from './parse-mount.ts';
import type { Arguments, CommandForm, SyntaxNode } from './syntax-tree.ts';

/** Understands RUN. Its mounts are kept as written: their words need the variables of the place. */
export function parseRun(node: SyntaxNode, fail: Fail): RunInstruction {
  const flags = new Flags(node, { mount: 'list', network: 'value', security: 'value' }, fail, ['device']);
  const mounts = flags.list('mount');
  for (const mount of mounts) checkMount(mount, fail);
  const network = flags.choice('network', ['default', 'none', 'host']);
  const security = flags.choice('security', ['sandbox', 'insecure']);
  const command = commandIn(node.arguments);
  if (command.form === 'json' ? command.words.length === 0 : command.text === '') fail('RUN needs a command');
  return {
    name: 'RUN',
    command,
    heredocs: node.heredocs,
    mounts,
    ...(network === undefined ? {} : { network }),
    ...(security === undefined ? {} : { security }),
  };
}

/** The command that an instruction has for its arguments, in whichever form. */
export function commandIn(given: Arguments): CommandForm {
  if (given.form === 'json') return given;
  return { form: 'text', text: given.form === 'text' ? given.text : '' };
}
