import type { TestReport, TestStep } from '../../core/connection-test.ts'
import { PenstockError } from '../../core/errors.ts'

/** The steps of one test, as they are taken. */
export class Steps {
  readonly #taken: TestStep[] = []

  good(step: TestStep['step'], text: string, ms?: number): void {
    this.#taken.push({ step, ok: true, text, ...(ms === undefined ? {} : { ms: Math.round(ms * 10) / 10 }) })
  }

  /** It neither went well nor badly. */
  aside(step: TestStep['step'], text: string): void {
    this.#taken.push({ step, ok: null, text })
  }

  bad(step: TestStep['step'], text: string): void {
    this.#taken.push({ step, ok: false, text })
  }

  report(more: Omit<TestReport, 'ok' | 'steps'> = {}): TestReport {
    return { ok: this.#taken.every(({ ok }) => ok !== false), steps: [...this.#taken], ...more }
  }
}

/** The message without the code at its end, which is for logs. */
export const wordsOf = (error: PenstockError): string => error.message.replace(new RegExp(` \\(${error.code}\\)$`), '')

/** The error where it is one of those that sources raise; anything else is thrown on. */
export function expected(error: unknown): PenstockError {
  if (error instanceof PenstockError) return error
  throw error
}
