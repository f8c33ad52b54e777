import { PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import {
  type AbsentField,
  parseTemplate,
  runTemplate,
  type Template,
  TemplateError,
  UnknownField,
} from '../../lib/go-template/index.ts';
import { nearMisses } from '../../lib/near-misses.ts';
import { alignColumns } from './align-columns.ts';
import { type Column, unknownField } from './column.ts';

/**
 * Rows by a Go template, as docker's `--format`: a line for each; after `table`, aligned at its tabs and under titles,
 * which are what the template makes of the titles of its fields.
 */
export async function formatByTemplate<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  format: string,
): Promise<string> {
  const isTable = /^\s*table\s/.test(format);
  const template = parseFormat(isTable ? format.replace(/^\s*table\s+/, '') : format);
  const make = (data: object) => {
    try {
      return runTemplate(template, data);
    } catch (error) {
      if (error instanceof UnknownField) unknownField(error.field, columns);
      throw refused(error);
    }
  };
  const lines = rows.map(row => make(fieldsOf(columns, each => cleanText(each.value(row)), row)));
  if (!isTable) return lines.map(line => `${line}\n`).join('');
  // Of the titles what a template makes of values (`lower .Image`) would be wrong: docker leaves them as they are.
  const titles = runTemplate(
    template,
    fieldsOf(columns, ({ title }) => title),
    undefined,
    titleFunctions,
  );
  return await alignColumns([titles, ...lines].map(line => line.split('\t')));
}

/**
 * One object by a Go template, with a newline after it. Throws `invalid-argument` with the fields that are near.
 * `absent`: what a field stands for that is not there, see `runTemplate`.
 */
export function formatObject(data: object, format: string, absent?: AbsentField): string {
  try {
    return `${runTemplate(parseFormat(format), data, absent)}\n`;
  } catch (error) {
    throw refused(error);
  }
}

const asItIs = (value: unknown) => value;
const titleFunctions = { json: asItIs, title: asItIs, lower: asItIs, upper: asItIs, truncate: asItIs };

/** The shell passes `\t` and `\n` on as they are written. */
function parseFormat(format: string): Template {
  try {
    return parseTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  } catch (error) {
    throw refused(error);
  }
}

/** Without a row, what titles are made of. `.Label "NAME"` is a method of docker's rows. */
function fieldsOf<Row>(
  columns: readonly Column<Row>[],
  value: (column: Column<Row>) => string,
  row?: Row,
): object {
  const labels = (row as { labels?: Readonly<Record<string, string>> } | undefined)?.labels ?? {};
  const label = (name: unknown) => (row === undefined ? String(name) : cleanText(labels[String(name)] ?? ''));
  return Object.fromEntries([...columns.map(column => [column.field, value(column)]), ['Label', label]]);
}

function refused(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error;
  const near = error instanceof UnknownField ? nearMisses(error.field, error.fields) : [];
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : error instanceof UnknownField
        ? `there are ${error.fields.join(', ')}`
        : "write it as in Go, such as '{{.Name}}' or '{{json .}}'";
  return new PlimsollError('invalid-argument', `the format is not a template: ${error.message}`, {
    code: 'BAD_FORMAT',
    hint,
  });
}
