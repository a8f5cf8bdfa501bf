/** What is answered to a request: a status of HTTP, and JSON. */
export interface Answer {
  readonly status: number
  readonly body: object
}

/** In words for whoever asked. */
export const failed = (status: number, error: string): Answer => ({ status, body: { error } })
