import { ActionIcon, Button, Fieldset, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useLocale } from '../i18n/use-locale.tsx'
import type { FieldProps } from './field.tsx'
import { fieldsOf, helpOf, type Settings, withSetting } from './schema.ts'

interface ListFieldProps extends FieldProps {
  readonly label: string
  readonly render: (props: FieldProps) => ReactNode
}

/** Settings of several things of one kind, one below the other: arguments of a command, windows of a tag. */
export function ListField({ field, path, value, errors, onChange, label, render }: ListFieldProps) {
  const { t } = useLocale()
  const items = (Array.isArray(value) ? value : []) as readonly Settings[]
  // Fields keep what is typed: each thing stays the one that it is when another goes.
  const [ids, setIds] = useState<readonly number[]>([])
  const keys = items.map((_, position) => ids[position] ?? -1 - position)
  const schema = field.schema.items ?? {}
  const { main, more } = fieldsOf(schema)
  const order = Object.keys(schema.properties ?? {})
  const fields = [...main, ...more].toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
  const put = (next: readonly Settings[]) => onChange(next.length === 0 && !field.required ? undefined : next)
  return (
    <Fieldset legend={label} variant="default" p="sm" style={{ gridColumn: '1 / -1' }}>
      <Stack gap="sm">
        <Text size="xs" className="quiet">
          {helpOf(field.schema)}
        </Text>
        {errors.has(path) ? (
          <Text size="xs" c="var(--penstock-bad)">
            {errors.get(path)}
          </Text>
        ) : null}
        {items.map((item, position) => {
          const name = `${label} ${position + 1}`
          // What is wrong with something that has a key is said by its key.
          const at = `${path}/${typeof item.key === 'string' && item.key !== '' ? item.key : position}`
          return (
            <Fieldset key={keys[position]} legend={name} variant="filled" p="sm">
              <Stack gap="sm">
                <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
                  {fields.map((each) =>
                    render({
                      field: each,
                      path: `${at}/${each.name}`,
                      value: item[each.name],
                      errors,
                      onChange: (given) =>
                        put(
                          items.map((other, index) =>
                            index === position ? withSetting(item, each.name, given) : other,
                          ),
                        ),
                    }),
                  )}
                </SimpleGrid>
                <Group justify="flex-end">
                  <ActionIcon
                    variant="subtle"
                    color="red"
                    aria-label={t('lists.remove', { name })}
                    onClick={() => {
                      setIds(keys.filter((_, index) => index !== position))
                      put(items.filter((_, index) => index !== position))
                    }}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Group>
              </Stack>
            </Fieldset>
          )
        })}
        <Group>
          <Button
            variant="light"
            size="xs"
            leftSection={<IconPlus size={14} />}
            aria-label={t('lists.add', { name: label })}
            onClick={() => {
              setIds([...keys, Math.max(0, ...keys) + 1])
              put([...items, {}])
            }}
          >
            {t('conf.add')}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  )
}
