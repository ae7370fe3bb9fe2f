package dev.tarn.run;

import dev.tarn.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/** One key of the configuration: its name, what it means, and what it may be. */
public final class ConfigKey {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String name;
    private final Class<?> type;
    private final Class<?> elementType;
    private final Setting setting;
    private final Object defaultValue;

    /**
     * @param elementType what a list holds; the type itself where it is no list
     */
    ConfigKey(String name, Class<?> type, Class<?> elementType, Setting setting, Object defaultValue) {
        this.name = name;
        this.type = type;
        this.elementType = elementType;
        this.setting = setting;
        this.defaultValue = defaultValue;
    }

    /** The dotted name, {@code "model.emb-sz"}. */
    public String name() {
        return name;
    }

    /** The section, {@code "model"}. */
    public String section() {
        return name.substring(0, name.indexOf('.'));
    }

    /** The flag without dashes, {@code "emb-sz"}. */
    public String flag() {
        return setting.flag().isEmpty() ? name.substring(name.indexOf('.') + 1) : setting.flag();
    }

    /** What it means, one phrase. */
    public String description() {
        return setting.value();
    }

    /** Whether several values may be given. */
    public boolean isList() {
        return type == List.class;
    }

    /** Whether it is true or false. */
    public boolean isSwitch() {
        return type == boolean.class;
    }

    /** The default as it is typed. */
    public String defaultText() {
        return text(defaultValue);
    }

    /** What is allowed, as a phrase: {@code "a whole number from 1 to 64"}. */
    public String allowed() {
        String each;
        if (elementType == boolean.class) {
            each = "true or false";
        } else if (elementType.isEnum()) {
            each = Stream.of(elementType.getEnumConstants())
                    .map(ConfigKey::word)
                    .collect(Collectors.joining(", "));
        } else if (elementType == String.class) {
            each = setting.example().isEmpty() ? "a text" : setting.example();
        } else {
            each = (isWhole() ? "a whole number" : "a number") + range();
        }
        if (!isList()) {
            return each;
        }
        return setting.least() == setting.most()
                ? setting.least() + " values separated by commas, each " + each
                : "a list of which each is " + each;
    }

    /** Turns what somebody wrote into a value of the type, in its range. */
    Object parse(ConfigEntry entry) {
        if (isList()) {
            List<Object> values = new ArrayList<>();
            for (String part : entry.values()) {
                values.add(parseOne(part.strip(), entry));
            }
            return check(List.copyOf(values), entry.origin());
        }
        if (entry.values().size() != 1) {
            throw wrong("[" + String.join(", ", entry.values()) + "]", entry.origin());
        }
        return check(parseOne(entry.values().get(0), entry), entry.origin());
    }

    /** Checks range, form and number of entries; returns the value. */
    Object check(Object value, String origin) {
        List<?> values = value instanceof List<?> list ? list : List.of(value);
        if (isList() && (values.size() < setting.least() || values.size() > setting.most())) {
            throw wrong(text(value), origin);
        }
        for (Object each : values) {
            boolean allowed = true;
            if (each instanceof Number number) {
                double real = number.doubleValue();
                allowed = (setting.above() ? real > setting.min() : real >= setting.min())
                        && (setting.below() ? real < setting.max() : real <= setting.max())
                        && !Double.isInfinite(real);
            } else if (each instanceof String text && !setting.form().isEmpty()) {
                allowed = text.matches(setting.form());
            }
            if (!allowed) {
                throw wrong(text(value), origin);
            }
        }
        return value;
    }

    /** The value as YAML: words of ours plain, texts quoted, lists in brackets. */
    static String yaml(Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(ConfigKey::yaml).collect(Collectors.joining(", ", "[", "]"));
        }
        return value instanceof String text ? JSON.writeValueAsString(text) : word(value);
    }

    /** The value as it is typed. */
    static String text(Object value) {
        return value instanceof List<?> list
                ? list.stream().map(ConfigKey::word).collect(Collectors.joining(","))
                : word(value);
    }

    private static String word(Object value) {
        return value instanceof Enum<?> constant
                ? constant.name().toLowerCase(Locale.ROOT).replace('_', '-')
                : value.toString();
    }

    private boolean isWhole() {
        return elementType == int.class || elementType == Integer.class || elementType == long.class;
    }

    private Object parseOne(String text, ConfigEntry entry) {
        if (elementType == String.class) {
            return setting.form().isEmpty() ? text : text.strip();
        }
        if (elementType == int.class || elementType == Integer.class) {
            return number(text, entry, Integer::valueOf);
        }
        if (elementType == long.class) {
            return number(text, entry, Long::valueOf);
        }
        if (elementType == double.class || elementType == Double.class) {
            double value = number(text, entry, Double::valueOf);
            if (Double.isNaN(value)) {
                throw wrong(text, entry.origin());
            }
            return value;
        }
        Stream<?> choices = elementType.isEnum() ? Stream.of(elementType.getEnumConstants()) : Stream.of(true, false);
        return choices.filter(choice -> word(choice).equals(text))
                .map(Object.class::cast)
                .findFirst()
                .orElseThrow(() -> wrong(text, entry.origin()));
    }

    private <T> T number(String text, ConfigEntry entry, Function<String, T> parser) {
        try {
            // Java would also take 1.5f and 0x1p3, which nobody means.
            if (text.matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?")) {
                return parser.apply(text);
            }
        } catch (NumberFormatException e) {
            // Falls through to the message: 1.5 for a whole number, 1.2.3, or too large.
        }
        throw wrong(text, entry.origin());
    }

    private String range() {
        boolean low = setting.min() > Double.NEGATIVE_INFINITY;
        boolean high = setting.max() < Double.POSITIVE_INFINITY;
        StringBuilder text = new StringBuilder();
        if (low) {
            text.append(setting.above() ? " above " : " from ").append(plain(setting.min()));
        }
        if (high) {
            text.append(low && setting.above() ? " and" : "")
                    .append(setting.below() ? " to below " : low && !setting.above() ? " to " : " up to ")
                    .append(plain(setting.max()));
        } else if (low && !setting.above()) {
            text.append(" up");
        }
        return text.toString();
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : "" + value;
    }

    private ConfigException wrong(String text, String origin) {
        String shown = text.isEmpty() ? "\"\"" : text;
        return new ConfigException(name + " = " + shown + (origin.equals(name) ? "" : " (" + origin + ")")
                + " cannot be used; allowed is " + allowed() + ".");
    }
}
