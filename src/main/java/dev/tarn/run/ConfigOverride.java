package dev.tarn.run;

import dev.tarn.ConfigException;
import java.util.List;

/** A key that was set on the command line, with what the user typed for messages. */
public final class ConfigOverride {

    private final ConfigEntry entry;

    private ConfigOverride(ConfigEntry entry) {
        this.entry = entry;
    }

    /**
     * From {@code --set section.key=value}.
     *
     * @throws ConfigException if there is no {@code =}
     */
    public static ConfigOverride set(String assignment) {
        int equals = assignment.indexOf('=');
        if (equals < 1) {
            throw new ConfigException(
                    "--set " + assignment + " is not an assignment; write for example --set train.lr=0.001.");
        }
        String key = assignment.substring(0, equals).strip();
        String value = assignment.substring(equals + 1).strip();
        return new ConfigOverride(new ConfigEntry(key, split(key, value), "--set " + assignment));
    }

    /**
     * From a flag of its own, {@code --emb-sz 200}.
     *
     * @param values one text, several where the flag takes several
     */
    public static ConfigOverride flag(ConfigKey key, List<String> values) {
        List<String> parts = values.size() == 1 ? split(key.name(), values.get(0)) : List.copyOf(values);
        return new ConfigOverride(
                new ConfigEntry(key.name(), parts, "--" + key.flag() + " " + String.join(" ", values)));
    }

    ConfigEntry entry() {
        return entry;
    }

    private static List<String> split(String key, String value) {
        boolean list = ConfigSchema.has(key) && ConfigSchema.key(key).isList();
        return list && !value.isEmpty() ? List.of(value.split(",", -1)) : List.of(value);
    }
}
