import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMakeToken } from '../api/access.ts'
import type { AccessAnswer, MadeTokenAnswer } from '../api/types.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'

interface TokenFormProps {
  readonly access: AccessAnswer
  readonly onMade: (made: MadeTokenAnswer) => void
  readonly onClose: () => void
}

const spans = [7, 30, 90, 180, 365]

/** What a new token is for, what it may do of what I may, and for how long. */
export function TokenForm({ access, onMade, onClose }: TokenFormProps) {
  const { t, n } = useLocale()
  const make = useMakeToken()
  const [name, setName] = useState('')
  const [rights, setRights] = useState<string[]>(['read'])
  const [days, setDays] = useState(access.tokenDays.default)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = access.rights.filter((right) => rights.includes(right))
    make.mutate({ name: name.trim(), rights: wanted, days }, { onSuccess: onMade })
  }
  const offered = [...new Set([...spans, access.tokenDays.default, access.tokenDays.longest])].toSorted((a, b) => a - b)
  return (
    <form onSubmit={submit}>
      <Stack gap="sm" maw={480}>
        <TextInput
          label={t('access.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={64}
          placeholder="Grafana"
          autoComplete="off"
          required
        />
        <Checkbox.Group label={t('access.rights')} value={rights} onChange={setRights}>
          <Stack gap={6} mt={4}>
            {access.rights.map((right) => (
              <Checkbox key={right} value={right} label={t(`access.right.${right}`)} />
            ))}
          </Stack>
        </Checkbox.Group>
        <NativeSelect
          label={t('access.days')}
          value={String(days)}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
          data={offered.map((each) => ({ value: String(each), label: n('access.day', each) }))}
        />
        {make.error ? <Trouble error={make.error} /> : null}
        <Group gap="xs">
          <Button type="submit" size="sm" loading={make.isPending} disabled={rights.length === 0}>
            {t('access.addToken')}
          </Button>
          <Button size="sm" variant="default" onClick={onClose}>
            {t('conf.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
