import { PlimsollError } from '../../errors.ts';
import { nearMisses } from '../../lib/near-misses.ts';

/** A column of a listing. `field` is docker's template name, also the key in JSON. */
export interface Column<Row> {
  readonly field: string;
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Only shown when asked for by its field, or in JSON. */
  readonly hidden?: boolean;
  /** What `-q` prints; default the first column. */
  readonly quiet?: boolean;
}

/** Refuses a field that a listing does not have, with those that are near. */
export function unknownField<Row>(name: string, columns: readonly Column<Row>[]): never {
  const near = nearMisses(
    name,
    columns.map(c => c.field),
  );
  throw new PlimsollError('invalid-argument', `there is no field "${name}" here`, {
    code: 'BAD_FORMAT',
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the fields are ${fieldNames(columns)}`,
  });
}

/** All fields of a listing, for a hint. */
export function fieldNames<Row>(columns: readonly Column<Row>[]): string {
  return columns.map(c => c.field).join(', ');
}
