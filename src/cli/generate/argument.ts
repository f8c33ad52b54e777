/** An option of `create`, as it is typed, and its value if it takes one. */
export type Argument = readonly [flag: string, value?: string];
