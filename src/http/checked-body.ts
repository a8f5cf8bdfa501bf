import type { Context } from 'koa'
import type { z } from 'zod'
import { jsonBody } from './json-body.ts'

/**
 * The JSON that a POST carries, checked; undefined: the context is answered with what is wrong. A body of another kind
 * is refused: a page of another site can send one without asking.
 */
export async function checkedBody<Type>(context: Context, schema: z.ZodType<Type>): Promise<Type | undefined> {
  const refuse = (status: number, error: string): undefined => {
    context.status = status
    context.body = { error }
  }
  if (context.method !== 'POST') {
    context.set('Allow', 'GET, POST')
    return refuse(405, `${context.method} is not served here.`)
  }
  if (!context.is('application/json')) return refuse(415, 'Send JSON, with Content-Type: application/json.')
  const body = await jsonBody(context.req)
  if ('problem' in body) return refuse(400, body.problem)
  const parsed = schema.safeParse(body.value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refuse(400, `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'is not understood'}.`)
}
