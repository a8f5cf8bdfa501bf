/**
 * What `make` makes of a part of a configuration and of what else it depends on, none of which anybody changes. Whoever
 * remembers it makes it once for the same objects. `make` is one function for all calls, and looks at nothing else.
 */
export type Once = <Part extends object, Others extends readonly unknown[], Made>(
  make: (part: Part, ...others: Others) => Made,
  part: Part,
  ...others: Others
) => Made

/** Remembers nothing. */
export const everyTime: Once = (make, part, ...others) => make(part, ...others)
