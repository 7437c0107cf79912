import { en, type Text } from '../text/en.ts';
import { zh } from '../text/zh.ts';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'vanillascope.settings';
const TEXTS: Record<Language, Text> = { en, zh };

function stored(): { theme?: unknown; language?: unknown } {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {}) as object;
  } catch {
    return {};
  }
}

/** What a person chose for this browser: theme and language. */
export class Settings {
  #theme = $state<Theme>('system');
  #language = $state<Language>('en');

  constructor() {
    const { theme, language } = stored();
    if (theme === 'light' || theme === 'dark') this.#theme = theme;
    if (language === 'en' || language === 'zh') this.#language = language;
    else if (navigator.language.startsWith('zh')) this.#language = 'zh';
    this.#apply();
  }

  /** Every text of the page in the chosen language. */
  get text(): Text {
    return TEXTS[this.#language];
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    this.#apply();
  }

  get language(): Language {
    return this.#language;
  }
  set language(language: Language) {
    this.#language = language;
    this.#apply();
  }

  #apply(): void {
    const root = document.documentElement;
    root.lang = this.#language === 'zh' ? 'zh-CN' : 'en';
    if (this.#theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = this.#theme;
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.#theme, language: this.#language }));
    } catch {
      // Storage may be forbidden: the choice then holds for this visit.
    }
  }
}
