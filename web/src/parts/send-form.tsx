import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { type Sending, useCommand, useSend } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Age } from './age.tsx'
import { CommandState } from './command-state.tsx'
import { Trouble } from './trouble.tsx'
import { givenValue, ValueInput, type Wanted } from './value-input.tsx'

interface SendFormProps {
  readonly device: string
  /** What has to be given, by name. */
  readonly wanted: readonly (Wanted & {
    readonly key: string
    readonly default?: string | number | boolean | undefined
  })[]
  readonly needsConfirmation: boolean
  readonly order: (
    values: Readonly<Record<string, unknown>>,
  ) =>
    | { readonly tag: string; readonly value: unknown }
    | { readonly command: string; readonly arguments: Readonly<Record<string, unknown>> }
}

/** Sends a command or a value, and shows what becomes of it. */
export function SendForm({ device, wanted, needsConfirmation, order }: SendFormProps) {
  const { t } = useLocale()
  const send = useSend()
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(wanted.map(({ key, default: preset }) => [key, preset === undefined ? '' : presetText(preset)])),
  )
  const [confirmed, setConfirmed] = useState(false)
  // The same until it was accepted: sent twice by a nervous hand or a bad line, it is done once.
  const [attempt, setAttempt] = useState(() => crypto.randomUUID())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const given = Object.fromEntries(wanted.map((each) => [each.key, givenValue(each, values[each.key] ?? '')]))
    const body: Sending = { device, idempotencyKey: attempt, ...order(given), ...(confirmed ? { confirmed } : {}) }
    send.mutate(body, { onSuccess: () => setAttempt(crypto.randomUUID()) })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {wanted.map((each) => (
          <ValueInput
            key={each.key}
            wanted={each}
            value={values[each.key] ?? ''}
            onChange={(value) => setValues((before) => ({ ...before, [each.key]: value }))}
          />
        ))}
        {needsConfirmation ? (
          <Checkbox
            label={t('commands.confirm')}
            checked={confirmed}
            onChange={(event) => setConfirmed(event.currentTarget.checked)}
            required
          />
        ) : null}
        <Group>
          <Button type="submit" size="xs" leftSection={<IconSend size={14} />} loading={send.isPending}>
            {t('commands.send')}
          </Button>
        </Group>
        {send.error ? <Trouble error={send.error} /> : null}
        {send.data ? <Progress id={send.data.id} /> : null}
      </Stack>
    </form>
  )
}

const presetText = (preset: string | number | boolean): string =>
  typeof preset === 'boolean' ? String(Number(preset)) : String(preset)

/** How far the command came since it was sent. */
function Progress({ id }: { readonly id: number }) {
  const { t, time } = useLocale()
  const { data } = useCommand(id)
  if (!data) return null
  return (
    <Alert color="blue" p="xs" role="status">
      <Group gap="sm">
        <Text size="sm">{t('commands.accepted', { id })}</Text>
        <CommandState state={data.state} />
        <Age at={data.changedAt} />
      </Group>
      {data.reason ? <Text size="sm">{data.reason}</Text> : null}
      {data.expectedAt !== undefined && !data.isFinal ? (
        <Text size="sm">{t('commands.expected', { at: time(data.expectedAt) })}</Text>
      ) : null}
    </Alert>
  )
}
