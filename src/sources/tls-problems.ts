import type { TlsConfig } from '../core/plant.ts'
import type { Problem } from '../core/problem.ts'

/** What does not fit together in `tls`, relative to its owner; what its files hold is looked at when they are used. */
export function* keyProblems(tls: TlsConfig): Generator<Problem> {
  const { certificateFile, keyFile, keyEnv } = tls
  const hasKey = keyFile !== undefined || keyEnv !== undefined
  if (certificateFile !== undefined && !hasKey) {
    const message = 'A client certificate needs its key.'
    yield { path: 'tls.certificateFile', message, mend: 'Set keyFile, or keyEnv, as well.' }
  }
  if (certificateFile === undefined && hasKey) {
    const path = keyFile === undefined ? 'tls.keyEnv' : 'tls.keyFile'
    yield {
      path,
      message: 'A key without its client certificate proves nothing.',
      mend: 'Set certificateFile as well.',
    }
  }
  if (keyFile !== undefined && keyEnv !== undefined) {
    yield { path: 'tls.keyEnv', message: 'The key is given twice: keyFile is set too.', mend: 'Remove one of the two.' }
  }
}
