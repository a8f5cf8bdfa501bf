import { Accordion, Anchor, Badge, Button, Code, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core'
import { useState } from 'react'
import { type OpenApiOperation, useOpenApi } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveSelection } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'

interface Entry {
  readonly path: string
  readonly method: string
  readonly operation: OpenApiOperation
}

const colours: Readonly<Record<string, string>> = { get: 'blue', post: 'green', delete: 'red' }

/** What programs can ask, as the OpenAPI document says it. */
export function ApiPage() {
  const { t } = useLocale()
  const { data, error } = useOpenApi()
  const [open, setOpen] = useState<string | null>(null)
  useLiveSelection('none')
  const entries = Object.entries(data?.paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Entry => ({ path, method, operation })),
  )
  const groups = [...new Set(entries.flatMap(({ operation }) => operation.tags))]
  return (
    <>
      <PageTitle title={t('api.title')}>
        <Anchor href="/api/v1/openapi.json" target="_blank" rel="noreferrer" size="sm">
          {t('api.document')}
        </Anchor>
      </PageTitle>
      <Stack>
        <div>
          <Text>{t('api.intro')}</Text>
          <Text size="sm" className="quiet">
            {t('api.example')}: <Code>curl -u user:password {window.location.origin}/api/v1/health</Code>
          </Text>
        </div>
        {error ? <Trouble error={error} /> : null}
        {!data && !error ? <Skeleton h={300} /> : null}
        {groups.map((group) => (
          <section key={group} aria-label={group}>
            <Title order={2} size="h5" mb="xs">
              {group}
            </Title>
            <Accordion variant="contained" order={3} value={open} onChange={setOpen}>
              {entries
                .filter(({ operation }) => operation.tags.includes(group))
                .map((entry) => (
                  <Accordion.Item key={entry.operation.operationId} value={entry.operation.operationId}>
                    <Accordion.Control>
                      <Group gap="sm">
                        <Badge color={colours[entry.method] ?? 'gray'} radius="sm" variant="light" autoContrast>
                          {entry.method}
                        </Badge>
                        <Code>{entry.path}</Code>
                        <Text size="sm">{entry.operation.summary}</Text>
                      </Group>
                    </Accordion.Control>
                    <Accordion.Panel>
                      {open === entry.operation.operationId ? <Operation {...entry} /> : null}
                    </Accordion.Panel>
                  </Accordion.Item>
                ))}
            </Accordion>
          </section>
        ))}
      </Stack>
    </>
  )
}

function Operation({ path, method, operation }: Entry) {
  const { t } = useLocale()
  const { description, parameters = [], requestBody, responses } = operation
  const body = requestBody?.content['application/json']?.schema
  const canBeTried = method === 'get' && !parameters.some(({ required }) => required) && !path.endsWith('/live')
  return (
    <Stack gap="sm">
      <Text size="sm">{description}</Text>
      {parameters.length > 0 ? (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('api.parameter')}</Table.Th>
              <Table.Th>{t('plant.type')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parameters.map(({ name, in: where, required, description: meaning, schema }) => (
              <Table.Tr key={`${where} ${name}`}>
                <Table.Td>
                  <Code>{name}</Code>{' '}
                  <Text span size="xs" className="quiet">{`${where}${required ? `, ${t('api.required')}` : ''}`}</Text>
                  <Text size="sm">{meaning}</Text>
                </Table.Td>
                <Table.Td>
                  <Code>{JSON.stringify(schema)}</Code>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ) : null}
      {body ? <Schema title={t('api.body')} schema={body} /> : null}
      {Object.entries(responses).flatMap(([status, { content }]) =>
        Object.values(content ?? {}).map(({ schema }) => (
          <Schema key={status} title={`${t('api.answer')} ${status}`} schema={schema} />
        )),
      )}
      {canBeTried ? <Try path={path} /> : null}
    </Stack>
  )
}

function Schema({ title, schema }: { readonly title: string; readonly schema: object }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Code block mah={260} style={{ overflow: 'auto' }} tabIndex={0}>
        {JSON.stringify(schema, null, 2)}
      </Code>
    </div>
  )
}

const MOST_SHOWN = 20_000

function Try({ path }: { readonly path: string }) {
  const { t } = useLocale()
  const [answer, setAnswer] = useState('')
  const ask = async () => {
    const response = await fetch(path)
    const text = await response.text()
    const shown = JSON.stringify(JSON.parse(text), null, 2).slice(0, MOST_SHOWN)
    setAnswer(`${response.status} ${response.statusText}\n${shown}`)
  }
  return (
    <div>
      <Button
        size="xs"
        variant="default"
        onClick={() => void ask().catch((error: unknown) => setAnswer(String(error)))}
      >
        {t('api.try')}
      </Button>
      {answer === '' ? null : (
        <Code block mt="xs" mah={320} style={{ overflow: 'auto' }} tabIndex={0} aria-label={t('api.asking')}>
          {answer}
        </Code>
      )}
    </div>
  )
}
