/** What every `key` looks like: it is part of NodeIds, file names and URLs. */
export const keyPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** Names of environment variables, as POSIX (IEEE 1003.1, chapter 8.1) has them. */
export const environmentNamePattern = /^[A-Z_][A-Z0-9_]{0,127}$/

/** Where the API key of the source `key` is unless the source says otherwise: `PENSTOCK_<KEY>_API_KEY`. */
export const apiKeyEnvOf = (key: string): string => `PENSTOCK_${inCapitals(key)}_API_KEY`

/** Where the password of the user `name` is unless the user's entry says otherwise: `PENSTOCK_<NAME>_PASSWORD`. */
export const passwordEnvOf = (name: string): string => `PENSTOCK_${inCapitals(name)}_PASSWORD`

const inCapitals = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')
