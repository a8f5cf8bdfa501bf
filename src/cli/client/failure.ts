/** What a command ends with, for scripts. */
export const ExitCode = {
  ok: 0,
  /** The command line is not understood. */
  usage: 2,
  /** No connection, or it broke. */
  unreachable: 3,
  /** The server refuses the user or a request, or one side the other's certificate. */
  refused: 4,
  /** A node that was asked for does not exist, or has no value. */
  unknownNode: 5,
} as const

/** Ends a command with words for its user and a code for scripts. */
export class ClientFailure extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ClientFailure'
    this.exitCode = exitCode
  }
}
