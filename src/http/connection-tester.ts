import type { Actor } from '../core/command.ts'
import type { TestReport, WantedTest } from '../core/connection-test.ts'

/** Tries sources before they run. */
export interface ConnectionTester {
  /** Undefined: as many tests as may be are under way. Never rejects for what a test finds. */
  test(wanted: WantedTest, by: Actor): Promise<TestReport | undefined>
}
