// What Intl makes of the cases of message_tool.c: a JSON array from standard input, a JSON array of texts to standard
// output.
let text = "";
for await (const piece of process.stdin) text += piece;

const DATE = { dateStyle: "long" };
const CLOCK = { timeStyle: "short" };
const STYLES = [{ ...DATE, ...CLOCK }, DATE, CLOCK]; // enum message_style

const WRITE = {
  plural: ({ locale, value }) => new Intl.PluralRules(locale).select(value),
  count: ({ locale, value }) => new Intl.NumberFormat(locale).format(value),
  money: ({ locale, value, currency }) =>
    new Intl.NumberFormat(locale, { style: "currency", currency }).format(value),
  time: ({ locale, value, zone, style }) =>
    new Intl.DateTimeFormat(locale, { ...STYLES[style], timeZone: zone, calendar: "gregory" }).format(value),
};
process.stdout.write(JSON.stringify(JSON.parse(text).map((each) => WRITE[each.what](each))));
