import { expect, it } from 'vitest'
import { printable } from '../../../src/cli/printable.ts'

it('what a device says does not command the terminal', () => {
  expect(printable('\u001b]0;title\u0007 \u009b2J \u0000\r')).toBe('\\x1b]0;title\\x07 \\x9b2J \\x00\\x0d')
})

it('lines, tabs and texts of all languages stay as they are', () => {
  expect(printable('21 °C\tВентиль\n弁')).toBe('21 °C\tВентиль\n弁')
})
