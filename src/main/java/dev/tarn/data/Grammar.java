package dev.tarn.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A weighted grammar whose symbols can be remembered, so that a story keeps its names, numbers and season.
 *
 * <pre>
 * == symbol            opens a symbol; each line after it is an alternative, all equally likely
 * == symbol zipf       alternative i (from 0) has the weight 1/(i+2)
 * == symbol (s p)      every alternative has forms, written with a slash: stone/stones
 * == symbol.spring     the symbol for the feature spring
 * 3| text              an alternative of weight 3
 * text {f}             an alternative with the feature f; without one its feature is its text
 *
 * [symbol]             an alternative of the symbol
 * [symbol:n]           of symbol.X, or in the form X, where X is the feature of the variable n, or n itself
 * [symbol:a:b]         both: of symbol.A, in the form B
 * [v=symbol]           chooses and remembers as v, writes nothing
 * [$v] [$v:n]          writes what is remembered, in its first form or in the form of n
 * # text               a remark
 * </pre>
 */
final class Grammar {

    private static final List<String> SINGULAR_PLURAL = List.of("s", "p");
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final Pattern SPACE_BEFORE_MARK = Pattern.compile(" ([.,?!)])");
    private static final Pattern SPACE_AFTER_BRACKET = Pattern.compile("\\( ");
    private static final Pattern A_BEFORE_VOWEL = Pattern.compile("\\b([Aa]) (?=[aeiou])");

    private final Map<String, Rule> rules = new HashMap<>();

    Grammar(List<String> lines) {
        List<String> body = new ArrayList<>();
        String head = "";
        for (String line : lines) {
            if (line.startsWith("== ")) {
                define(head, body);
                head = line.substring(3);
                body = new ArrayList<>();
            } else if (!line.isBlank() && !line.startsWith("#")) {
                body.add(line);
            }
        }
        define(head, body);
    }

    private void define(String head, List<String> body) {
        if (!head.isEmpty()) {
            String name = head.split(" ", 2)[0];
            if (rules.put(name, Rule.parse(head, body)) != null || body.isEmpty()) {
                throw new IllegalArgumentException("symbol " + name + " is defined twice or has no alternative");
            }
        }
    }

    /** Expands a symbol to a text with sentence case, by random numbers in [0, 1). */
    Expansion expand(String symbol, DoubleSupplier random) {
        Expander expander = new Expander(random);
        expander.write(expander.choose(symbol).forms.get(0));
        return new Expansion(polish(expander.out.toString()), expander.surprise);
    }

    /**
     * A text and what it took to choose it.
     *
     * @param text the text
     * @param surprise minus the logarithm of the probability of all choices made, in nats
     */
    record Expansion(String text, double surprise) {}

    /** Single spaces, none before punctuation, "an" before vowels, capitals where sentences and quotes begin. */
    private static String polish(String raw) {
        String text = SPACES.matcher(raw.trim()).replaceAll(" ");
        text = SPACE_BEFORE_MARK.matcher(text).replaceAll("$1");
        text = SPACE_AFTER_BRACKET.matcher(text).replaceAll("(");
        text = A_BEFORE_VOWEL.matcher(text).replaceAll("$1n ");
        StringBuilder out = new StringBuilder(text.length());
        boolean capital = true;
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                quoted = !quoted;
                // A quote that goes on after "said Mara," stays small.
                capital |= quoted && !(i >= 2 && text.charAt(i - 2) == ',');
            } else if (Character.isLetter(c)) {
                c = capital ? Character.toUpperCase(c) : c;
                capital = false;
            } else if (c == '.' || (!quoted && (c == '?' || c == '!'))) {
                capital = true;
            }
            out.append(c);
        }
        return out.toString();
    }

    private record Rule(List<Alternative> alternatives, List<String> forms, double total) {

        static Rule parse(String head, List<String> body) {
            boolean zipf = head.endsWith(" zipf");
            List<String> forms = head.contains("(")
                    ? List.of(head.substring(head.indexOf('(') + 1, head.indexOf(')'))
                            .split(" "))
                    : List.of();
            List<Alternative> alternatives = new ArrayList<>();
            double total = 0;
            for (String line : body) {
                Alternative alternative = Alternative.parse(line, zipf ? 1.0 / (alternatives.size() + 2) : 1);
                alternatives.add(alternative);
                total += alternative.weight;
            }
            return new Rule(alternatives, forms, total);
        }
    }

    private record Alternative(List<Template> forms, String feature, double weight) {

        private static final Pattern LINE = Pattern.compile("(?:(\\d+)\\| )?(.*?)(?: \\{(\\w+)\\})?");

        static Alternative parse(String line, double weight) {
            Matcher matcher = LINE.matcher(line.trim());
            if (!matcher.matches()) {
                throw new IllegalArgumentException("not an alternative: " + line);
            }
            List<String> forms = List.of(matcher.group(2).split("/"));
            return new Alternative(
                    forms.stream().map(Template::parse).toList(),
                    matcher.group(3) == null ? forms.get(0) : matcher.group(3),
                    matcher.group(1) == null ? weight : Integer.parseInt(matcher.group(1)));
        }
    }

    /** A text with slots: the literal text before each slot, the slot, and the text after the last. */
    private record Template(List<Slot> slots, String after) {

        private static final Pattern SLOT = Pattern.compile("\\[(?:(\\w+)=)?([^\\]:]+)(?::([^\\]]+))?\\]");

        static Template parse(String text) {
            List<Slot> slots = new ArrayList<>();
            Matcher matcher = SLOT.matcher(text);
            int at = 0;
            while (matcher.find()) {
                slots.add(new Slot(
                        text.substring(at, matcher.start()),
                        matcher.group(1) == null ? "" : matcher.group(1),
                        matcher.group(2),
                        matcher.group(3) == null
                                ? List.of()
                                : List.of(matcher.group(3).split(":"))));
                at = matcher.end();
            }
            return new Template(slots, text.substring(at));
        }
    }

    private record Slot(String before, String variable, String name, List<String> selectors) {}

    /** One expansion: its variables, and the text so far. */
    private final class Expander {

        private final DoubleSupplier random;
        private final Map<String, Alternative> variables = new HashMap<>();
        private final StringBuilder out = new StringBuilder();
        private double surprise;

        Expander(DoubleSupplier random) {
            this.random = random;
        }

        void write(Template template) {
            for (Slot slot : template.slots) {
                out.append(slot.before);
                fill(slot);
            }
            out.append(template.after);
        }

        private void fill(Slot slot) {
            List<String> forms = SINGULAR_PLURAL;
            Alternative chosen;
            int next = 0;
            if (slot.name.startsWith("$")) {
                chosen = variable(slot.name.substring(1));
            } else {
                String name = slot.name;
                if (!slot.selectors.isEmpty()) {
                    String special = name + "." + feature(slot.selectors.get(0));
                    if (rules.containsKey(special)) {
                        name = special;
                        next = 1;
                    }
                }
                chosen = choose(name);
                forms = rule(name).forms;
            }
            if (!slot.variable.isEmpty()) {
                variables.put(slot.variable, chosen);
                return;
            }
            int form = next < slot.selectors.size() ? forms.indexOf(feature(slot.selectors.get(next))) : 0;
            if (form < 0 || form >= chosen.forms.size()) {
                throw new IllegalArgumentException("no such form: " + slot + " of " + chosen.forms);
            }
            write(chosen.forms.get(form));
        }

        private String feature(String name) {
            Alternative bound = variables.get(name);
            return bound == null ? name : bound.feature;
        }

        private Alternative variable(String name) {
            Alternative bound = variables.get(name);
            if (bound == null) {
                throw new IllegalArgumentException("nothing is remembered as " + name);
            }
            return bound;
        }

        Alternative choose(String name) {
            Rule rule = rule(name);
            double left = random.getAsDouble() * rule.total;
            Alternative chosen = rule.alternatives.get(rule.alternatives.size() - 1);
            for (Alternative alternative : rule.alternatives) {
                left -= alternative.weight;
                if (left < 0) {
                    chosen = alternative;
                    break;
                }
            }
            surprise -= Math.log(chosen.weight / rule.total);
            return chosen;
        }

        private Rule rule(String name) {
            Rule rule = rules.get(name);
            if (rule == null) {
                throw new IllegalArgumentException("no symbol " + name);
            }
            return rule;
        }
    }
}
