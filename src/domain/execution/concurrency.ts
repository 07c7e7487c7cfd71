/** Apart from who restores and who forecasts it: what is promised must be counted with what is done. */

/**
 * Units in work at once: enough to keep the recovery cluster as busy as it lets itself be, also with
 * units of one object. How many requests it gets at once is the engine's to say.
 */
export const UNITS_AT_ONCE = 48;
