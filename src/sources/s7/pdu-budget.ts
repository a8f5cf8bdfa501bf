/** The PDU that every S7 CPU grants; areas are planned to fit it whatever is negotiated later. */
export const SMALLEST_PDU = 240
/** The largest that any S7 CPU grants. */
export const LARGEST_PDU = 960
/** S7-300 and S7-400 answer at most 20 items a request; more are refused, or left out of the reply. */
export const MOST_ITEMS = 20

export const REPLY_HEADER = 14
export const REPLY_ITEM_HEADER = 4
export const REQUEST_HEADER = 12
export const REQUEST_ITEM = 12

/** Bytes of data that a reply with one item carries; an odd number of them is followed by a fill byte. */
export const payloadOf = (pdu: number): number => (pdu - REPLY_HEADER - REPLY_ITEM_HEADER) & ~1
