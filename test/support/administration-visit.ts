import { expect } from 'vitest'
import { makeAuthority, makeIdentity } from './certificates.ts'
import type { WebVisitor } from './web-browser.ts'

const WITHIN = 15_000

/**
 * What the security administrator `sam` does on each page of administration, beside two OPC UA clients of `olga`, of whom
 * one is sent away. `stranger`: the name in a certificate that is trusted and then revoked.
 */
export async function administer(visitor: WebVisitor, password: string, stranger: string): Promise<void> {
  const { page } = visitor
  const looked = async (name: string) => {
    await visitor.picture(name)
    expect(await visitor.obstacles()).toEqual([])
    expect(visitor.complaints).toEqual([])
  }
  await visitor.open('/administration')
  await visitor.logIn('sam', password)
  await page.getByRole('button', { name: 'Add a user' }).click()
  const form = page.getByRole('dialog')
  await form.getByRole('textbox', { name: /^Name/ }).fill('olive')
  await form.getByLabel(/^New password/).fill('too short')
  await form.getByText('3 characters are missing.').waitFor()
  await form.getByLabel(/^New password/).fill('long enough for olive')
  await form.getByRole('checkbox', { name: /^Operator/ }).check()
  await looked('users-add')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('row', { name: /olive Observer, Operator a password/ }).waitFor()
  await expect.poll(() => page.getByRole('dialog').count(), { timeout: WITHIN }).toBe(0)
  expect(await page.getByRole('button', { name: 'Change olga' }).isDisabled()).toBe(true)
  await looked('users')

  await page.getByRole('tab', { name: 'OPC UA sessions' }).click()
  const sessions = page.getByRole('row', { name: /olga with a password/ })
  await expect.poll(() => sessions.count(), { timeout: WITHIN }).toBe(2)
  await looked('sessions')
  await page
    .getByRole('button', { name: /^End the session/ })
    .last()
    .click()
  await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
  await expect.poll(() => sessions.count(), { timeout: WITHIN }).toBe(1)

  await page.getByRole('tab', { name: 'Certificates' }).click()
  const file = {
    name: 'hostile.pem',
    mimeType: 'application/x-pem-file',
    buffer: Buffer.from(makeIdentity(makeAuthority('Nobody'), [stranger]).cert),
  }
  await page.locator('input[type=file]').first().setInputFiles(file)
  await page.getByText('It was taken.').waitFor()
  const trusted = page.getByRole('region', { name: 'Trusted' }).first()
  await trusted.getByRole('button', { name: `Revoke: ${stranger}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  const revoked = page.getByRole('region', { name: 'Revoked' }).first()
  await revoked.getByRole('row', { name: stranger }).waitFor()
  expect(await page.locator('img[src="x"]').count()).toBe(0)
  await looked('certificates')

  await page.getByRole('tab', { name: 'System' }).click()
  await page.getByText('Apache-2.0').waitFor()
  await page.getByRole('button', { name: 'Make one now' }).click()
  await page.getByRole('button', { name: /^Verify penstock-/ }).click()
  await page.getByText(/^Whole: \d+ files$/).waitFor({ timeout: WITHIN })
  await looked('system')
}
