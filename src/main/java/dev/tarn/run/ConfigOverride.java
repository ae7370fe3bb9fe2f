package dev.tarn.run;

import dev.tarn.ConfigException;
import java.util.List;

/** A key that was set on the command line, with what the user typed for messages. */
public final class ConfigOverride {

    private final ConfigEntry entry;

    private ConfigOverride(String key, List<String> values, String origin) {
        this.entry = new ConfigEntry(key, values, origin);
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
        return new ConfigOverride(key, List.of(assignment.substring(equals + 1).strip()), "--set " + assignment);
    }

    /**
     * From a flag of its own, {@code --emb-sz 200}.
     *
     * @param values one text, several where the flag takes several
     */
    public static ConfigOverride flag(ConfigKey key, List<String> values) {
        return new ConfigOverride(key.name(), List.copyOf(values), "--" + key.flag() + " " + String.join(" ", values));
    }

    /** As a key of this schema: a list may be one text with commas. */
    ConfigEntry entry(ConfigSchema<?> schema) {
        String first = entry.values().get(0);
        boolean isOneText = entry.values().size() == 1 && !first.isEmpty();
        return isOneText && schema.has(entry.key()) && schema.key(entry.key()).isList()
                ? new ConfigEntry(entry.key(), List.of(first.split(",", -1)), entry.origin())
                : entry;
    }
}
