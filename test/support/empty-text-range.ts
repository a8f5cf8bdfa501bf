import { NumericRange } from 'node-opcua'

/** An index range that goes over the wire as an empty text; node-opcua's own client sends null for no range. */
export const emptyTextRange = (): NumericRange => Object.assign(new NumericRange(), { toEncodeableString: () => '' })
