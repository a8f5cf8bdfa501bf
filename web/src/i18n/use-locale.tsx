import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { english, type Language, Locale, languages, type Texts, textsOf } from './locale.ts'

interface Choice {
  readonly locale: Locale
  readonly choose: (language: Language) => void
}

const LocaleContext = createContext<Choice | undefined>(undefined)
const KEPT_AS = 'penstock-language'

const isLanguage = (text: string | null | undefined): text is Language => text != null && Object.hasOwn(languages, text)

function preferred(): Language {
  const kept = localStorage.getItem(KEPT_AS)
  if (isLanguage(kept)) return kept
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en'
}

/** The language that the user chose, or that the browser asks for. */
export function LocaleProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(preferred)
  const [texts, setTexts] = useState<{ readonly language: Language; readonly texts: Texts }>({
    language: 'en',
    texts: english,
  })
  useEffect(() => {
    let isWanted = true
    void textsOf(language).then((loaded) => {
      if (!isWanted) return
      setTexts({ language, texts: loaded })
      document.documentElement.lang = language
    })
    return () => {
      isWanted = false
    }
  }, [language])
  const choose = useCallback((chosen: Language) => {
    localStorage.setItem(KEPT_AS, chosen)
    setLanguage(chosen)
  }, [])
  const choice = useMemo(
    () => ({ locale: new Locale(texts.language, texts.texts, navigator.languages), choose }),
    [texts, choose],
  )
  return <LocaleContext.Provider value={choice}>{children}</LocaleContext.Provider>
}

function useChoice(): Choice {
  const choice = useContext(LocaleContext)
  if (!choice) throw new Error('There is no LocaleProvider around this')
  return choice
}

export const useLocale = (): Locale => useChoice().locale
export const useChooseLanguage = (): Choice['choose'] => useChoice().choose
