/** Nodes of one HistoryRead, as OperationLimits says. */
export const MOST_NODES = 100

/** Values or times of one of the details of HistoryUpdate. */
export const MOST_CHANGES = 10_000

/** Times of one ReadAtTimeDetails. */
export const MOST_TIMES = 10_000

/** Values of one answer: of one node all, of several nodes each its part. What is left comes by continuation point. */
export const MOST_VALUES = 5_000
