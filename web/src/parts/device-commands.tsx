import { Card, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useCommands, useDeviceCommands, useMay } from '../api/queries.ts'
import { useLocale } from '../i18n/use-locale.tsx'
import { CommandTable } from './command-table.tsx'
import { Empty } from './empty.tsx'
import { SendForm } from './send-form.tsx'
import { Trouble } from './trouble.tsx'

/** What a device can be told, and what it was. */
export function DeviceCommands({ device }: { readonly device: string }) {
  const { t } = useLocale()
  const { data, error } = useDeviceCommands(device)
  const { data: sent } = useCommands(device)
  const may = useMay('command')
  if (error) return <Trouble error={error} />
  return (
    <Stack>
      {data?.commands.length === 0 ? <Empty text={t('commands.noneOfDevice')} /> : null}
      {may || data?.commands.length === 0 ? null : <Text className="quiet">{t('commands.onlyOperators')}</Text>}
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
        {data?.commands.map(({ key, name, description, parameters, needsConfirmation, conditions }) => (
          <Card withBorder key={key} component="section" aria-label={t('commands.sendTitle', { name })}>
            <Title order={2} size="h6">
              {name}
            </Title>
            {description ? (
              <Text size="sm" className="quiet" mb="xs">
                {description}
              </Text>
            ) : null}
            {conditions.map((condition) => (
              <Text key={condition} size="xs" className="quiet">
                {condition}
              </Text>
            ))}
            {may ? (
              <SendForm
                device={device}
                wanted={parameters}
                needsConfirmation={needsConfirmation}
                order={(values) => ({ command: key, arguments: values })}
              />
            ) : null}
          </Card>
        ))}
      </SimpleGrid>
      {sent && sent.commands.length > 0 ? (
        <Card withBorder>
          <CommandTable commands={sent.commands} />
        </Card>
      ) : null}
    </Stack>
  )
}
