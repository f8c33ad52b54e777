import type { SyntaxNode, SyntaxTree } from '../dockerfile/index.ts';
import { type Violation, violation } from './rules.ts';

/** InvalidDefinitionDescription. */
export function lintDescriptions({ nodes }: SyntaxTree): Violation[] {
  return nodes.flatMap(node => {
    const names = namesOf(node);
    const comment = node.comments.at(-1);
    if (names.length === 0 || comment === undefined || describes(comment, names)) return [];
    return violation('InvalidDefinitionDescription', node, {
      detail: `the comment above does not begin with ${names.map(name => `"${name}"`).join(' or ')}`,
      fix: `begin it with "# ${names[0]} ", or put an empty line below it`,
    });
  });
}

/** What the comment right above a stage or an argument says of it, without its name. */
export function descriptionOf(node: SyntaxNode, name: string): string | undefined {
  const comment = node.comments.at(-1);
  if (comment === undefined || !describes(comment, [name])) return undefined;
  return comment.slice(name.length).trim();
}

function describes(comment: string, names: readonly string[]): boolean {
  return names.some(name => comment.toLowerCase().startsWith(`${name.toLowerCase()} `));
}

/** The stage or the arguments that a node defines. */
function namesOf({ keyword, arguments: given }: SyntaxNode): string[] {
  const words = given.form === 'words' ? given.words : [];
  if (keyword === 'from') return words.length === 3 && words[2] !== undefined ? [words[2]] : [];
  return keyword === 'arg' ? words.map(word => word.split('=', 1)[0] ?? '') : [];
}
