import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line that any log reader can find. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) {
        const { state } = test.result()
        if (state in count) count[state as keyof typeof count]++
      }
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) count.failed++
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
