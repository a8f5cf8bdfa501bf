import { Button, Group, SimpleGrid, Skeleton, Stack, Text, Title, UnstyledButton } from '@mantine/core'
import { useSearchParams } from 'wouter'
import { useConfigurationSchema } from '../api/configuration.ts'
import type { OutlineAnswer } from '../api/types.ts'
import { type JsonSchema, schemaOfThing } from '../configuration/schema.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { Trouble } from '../parts/trouble.tsx'
import { ChirpStackForm } from './chirpstack-form.tsx'
import { FieldForm } from './field-form.tsx'

const kinds = ['chirpstack', 'modbus', 's7'] as const
type Kind = (typeof kinds)[number]

/** Left for the page of the configuration: nobody needs them to begin. */
const notToBegin = ['disabled', 'rules', 'accepted', 'rejected', 'pollGroups', 'tenantId']

interface SourceStepProps {
  readonly outline: OutlineAnswer
  readonly onDone: () => void
}

/** Where values come from: which protocol, and how it is reached. */
export function SourceStep({ outline, onDone }: SourceStepProps) {
  const { t, orElse } = useLocale()
  const [parameters, setParameters] = useSearchParams()
  const { data: schema, error } = useConfigurationSchema()
  const kind = kinds.find((each) => each === parameters.get('kind'))
  const choose = (chosen: Kind) => setParameters({ step: 'source', kind: chosen })
  const own = kind && schema && schemaOfThing(schema, 'sources/new', kind)
  return (
    <Stack gap="md">
      <Title order={2} size="h4">
        {t('setup.source')}
      </Title>
      {outline.sources.length > 0 && !kind ? (
        <Group gap="sm">
          <Text>
            {t('setup.sourcesThere', {
              sources: outline.sources
                .map((each) => `${each.name} (${orElse(`kind.${each.kind}`, each.kind)})`)
                .join(', '),
            })}
          </Text>
          <Button onClick={onDone}>{t('setup.goOn')}</Button>
        </Group>
      ) : null}
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {kinds.map((each) => (
          <UnstyledButton
            key={each}
            className="setup-kind"
            aria-pressed={each === kind}
            onClick={() => choose(each)}
            data-current={each === kind || undefined}
          >
            <Text fw={600}>{t(`kind.${each}`)}</Text>
            <Text size="sm" className="quiet">
              {t(`setup.kind.${each}`)}
            </Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
      {error ? <Trouble error={error} /> : null}
      {kind && !own && !error ? <Skeleton h={200} /> : null}
      {kind && own ? (
        kind === 'chirpstack' ? (
          <ChirpStackForm schema={toBegin(own)} onDone={onDone} />
        ) : (
          <FieldForm key={kind} kind={kind} schema={toBegin(own)} onDone={onDone} />
        )
      ) : null}
    </Stack>
  )
}

const toBegin = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !notToBegin.includes(name)),
  ),
})
