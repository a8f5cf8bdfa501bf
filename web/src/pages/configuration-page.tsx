import { Skeleton, Stack, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useSearchParams } from 'wouter'
import { useOutline } from '../api/configuration.ts'
import { ConfigurationTabs } from '../configuration/configuration-tabs.tsx'
import { placeOf } from '../configuration/place.ts'
import { AddSource, PlantOutline, PlantOutlineSelect } from '../configuration/plant-outline.tsx'
import { ThingAdder, ThingEditor } from '../configuration/thing-editor.tsx'
import { useLocale } from '../i18n/use-locale.tsx'
import { useLiveStream } from '../live/use-live.tsx'
import { PageTitle } from '../parts/page-title.tsx'
import { Trouble } from '../parts/trouble.tsx'

/** Sources, devices and tags as the draft has them, and forms to change them. What is shown stands in the address. */
export function ConfigurationPage() {
  const { t } = useLocale()
  const [parameters] = useSearchParams()
  const isNarrow = useMediaQuery('(max-width: 62em)')
  useLiveStream()
  const { data: outline, error, refetch } = useOutline()
  const at = parameters.get('at') ?? ''
  const added = parameters.get('add')
  const kindOf = (key: string | undefined) => outline?.sources.find((source) => source.key === key)?.kind ?? ''
  return (
    <>
      <ConfigurationTabs current="plant" />
      {error ? <Trouble error={error} retry={() => void refetch()} /> : null}
      {!outline && !error ? <Skeleton h={300} /> : null}
      {outline ? (
        <div className="plant-columns">
          {isNarrow ? (
            <PlantOutlineSelect outline={outline} chosen={at} />
          ) : (
            <PlantOutline outline={outline} chosen={at} />
          )}
          <div style={{ minWidth: 0 }}>
            {at === '' ? (
              <Stack>
                <PageTitle title={t('conf.title')} />
                <Text>{outline.sources.length === 0 ? t('conf.empty') : t('conf.intro')}</Text>
                <AddSource />
              </Stack>
            ) : added === null ? (
              <ThingEditor place={placeOf(at)} kind={kindOf(at.split('/')[1])} />
            ) : (
              <ThingAdder
                list={at}
                place={placeOf(at.split('/').slice(0, -1).join('/'))}
                kind={at === 'sources' ? added : kindOf(at.split('/')[1])}
              />
            )}
          </div>
        </div>
      ) : null}
    </>
  )
}
