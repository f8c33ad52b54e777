import { type Fail, Flags } from './flags.ts';
import { parseHeredocWord } from './heredoc.ts';
import type { AddInstruction, CopyInstruction } from './instruction.ts';
import type { Heredoc, SyntaxNode } from './syntax-tree.ts';

const shared = { chown: 'value', chmod: 'value', link: 'boolean', exclude: 'list' } as const;

/** Understands COPY. */
export function parseCopy(node: SyntaxNode, fail: Fail): CopyInstruction {
  const flags = new Flags(node, { ...shared, from: 'value', parents: 'boolean' }, fail);
  const from = flags.value('from');
  if (from === '') fail('"COPY --from" needs the name of a stage or an image');
  if (/\$./.test(from ?? ''))
    fail(`"COPY --from=${from}" cannot have a variable`, {
      hint: 'give the image a name with a stage of its own: FROM $IMAGE AS name',
    });
  const common = parseCommon(node, flags, fail);
  if (from !== undefined && common.heredocs.length > 0) {
    fail('"COPY --from" cannot have a here-document as its source');
  }
  return {
    name: 'COPY',
    ...common,
    parents: flags.boolean('parents') ?? false,
    ...(from === undefined ? {} : { from }),
  };
}

/** Understands ADD. */
export function parseAdd(node: SyntaxNode, fail: Fail): AddInstruction {
  const known = { ...shared, checksum: 'value', unpack: 'boolean', 'keep-git-dir': 'boolean' } as const;
  const flags = new Flags(node, known, fail);
  const common = parseCommon(node, flags, fail);
  const checksum = flags.value('checksum');
  const unpack = flags.boolean('unpack');
  const keepGitDir = flags.boolean('keep-git-dir');
  return {
    name: 'ADD',
    ...common,
    ...(checksum === undefined ? {} : { checksum }),
    ...(unpack === undefined ? {} : { unpack }),
    ...(keepGitDir === undefined ? {} : { keepGitDir }),
  };
}

function parseCommon(node: SyntaxNode, flags: Flags, fail: Fail) {
  const given = node.arguments;
  const words = given.form === 'words' || given.form === 'json' ? given.words : [];
  const destination = words.at(-1);
  if (words.length < 2 || destination === undefined) {
    return fail(`${node.keyword.toUpperCase()} needs a source and a destination`, {
      hint: `write ${node.keyword.toUpperCase()} SOURCE... DESTINATION`,
    });
  }
  if (destination === '') fail(`${node.keyword.toUpperCase()} has an empty destination`);
  const { sources, heredocs } = splitSources(words.slice(0, -1), node.heredocs);
  const [chown, chmod] = [flags.value('chown'), flags.value('chmod')];
  return {
    sources,
    heredocs,
    destination,
    link: flags.boolean('link') ?? false,
    exclude: flags.list('exclude'),
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
  };
}

/** Tells paths from here-documents among the sources. */
function splitSources(words: readonly string[], heredocs: readonly Heredoc[]) {
  if (heredocs.length === 0) return { sources: words, heredocs };
  return { sources: words.filter(word => parseHeredocWord(word) === undefined), heredocs };
}
