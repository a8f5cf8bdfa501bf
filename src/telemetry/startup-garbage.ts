import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Frees what only the start needed (parsed files, node sets): a thread that then has little to do would keep several
 * times its need for hours, since V8 collects when it allocates. Takes some tens of milliseconds, so it is called
 * before the thread serves anybody.
 */
export function collectStartupGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
