package dev.tarn.run;

import dev.tarn.ConfigException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a configuration, read from its records once, and the way between records and a flat map of keys.
 *
 * @param <C> a record whose components are records, one for each section; {@link Setting} says what each key may be
 */
public final class ConfigSchema<C extends Record> {

    private final Class<C> type;
    private final C defaults;
    private final Map<String, ConfigKey> keys;

    ConfigSchema(Class<C> type, C defaults) {
        this.type = type;
        this.defaults = defaults;
        this.keys = readKeys(type, values(defaults));
    }

    /** All keys in the order of the file. */
    public List<ConfigKey> keys() {
        return List.copyOf(keys.values());
    }

    boolean has(String name) {
        return keys.containsKey(name);
    }

    /**
     * The defaults, overridden by a file, overridden by flags.
     *
     * @param file YAML, or null for none
     * @param overrides in the order in which they count, see {@link ConfigOverride}
     * @throws ConfigException if the file is missing or is not YAML, or a key is unknown, repeated, of the wrong type or
     *     out of range
     */
    C load(@Nullable Path file, List<ConfigOverride> overrides) {
        Map<String, Object> values = values(defaults);
        if (file != null) {
            ConfigFile.read(file).forEach(entry -> put(values, entry));
        }
        overrides.forEach(override -> put(values, override.entry(this)));
        return build(values);
    }

    /** The same configuration with one key changed. */
    C with(C config, String key, String value) {
        Map<String, Object> values = values(config);
        put(values, ConfigOverride.set(key + "=" + value).entry(this));
        return build(values);
    }

    /**
     * Checks every key by itself.
     *
     * @throws ConfigException for the first that cannot be used
     */
    void check(C config) {
        values(config).forEach((name, value) -> key(name).check(value, name));
    }

    /** The key of this name; names of the schema only. */
    ConfigKey key(String name) {
        ConfigKey key = keys.get(name);
        if (key == null) {
            throw new IllegalArgumentException("No key " + name);
        }
        return key;
    }

    /** Every key with its value, in the order of the file; the map is the caller's. */
    Map<String, Object> values(C config) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (RecordComponent section : type.getRecordComponents()) {
            Object record = read(section, config);
            for (RecordComponent component : section.getType().getRecordComponents()) {
                values.put(name(section, component), read(component, record));
            }
        }
        return values;
    }

    /** Every key with its value as it is typed, in the order of the file. */
    Map<String, String> texts(C config) {
        Map<String, String> texts = new LinkedHashMap<>();
        values(config).forEach((key, value) -> texts.put(key, ConfigKey.text(value)));
        return texts;
    }

    /** Sets a key from what somebody wrote. */
    private void put(Map<String, Object> values, ConfigEntry entry) {
        ConfigKey key = keys.get(entry.key());
        if (key == null) {
            String nearest = Nearest.key(entry.key(), keys.keySet());
            throw new ConfigException("There is no key " + entry.key() + " (" + entry.origin() + "); did you mean "
                    + nearest + "? --print-config lists all.");
        }
        values.put(entry.key(), key.parse(entry));
    }

    /** The records from a complete map. */
    private C build(Map<String, Object> values) {
        List<Object> sections = new ArrayList<>();
        for (RecordComponent section : type.getRecordComponents()) {
            List<@Nullable Object> arguments = new ArrayList<>();
            for (RecordComponent component : section.getType().getRecordComponents()) {
                arguments.add(values.get(name(section, component)));
            }
            sections.add(create(section.getType(), arguments));
        }
        return create(type, sections);
    }

    private static Map<String, ConfigKey> readKeys(Class<?> type, Map<String, Object> defaults) {
        Map<String, ConfigKey> keys = new LinkedHashMap<>();
        for (RecordComponent section : type.getRecordComponents()) {
            for (RecordComponent component : section.getType().getRecordComponents()) {
                Setting setting = component.getAnnotation(Setting.class);
                if (setting == null) {
                    throw new IllegalStateException(component + " lacks @Setting");
                }
                Class<?> element = component.getGenericType() instanceof ParameterizedType list
                        ? (Class<?>) list.getActualTypeArguments()[0]
                        : component.getType();
                String name = name(section, component);
                Object value = Objects.requireNonNull(defaults.get(name));
                keys.put(name, new ConfigKey(name, component.getType(), element, setting, value));
            }
        }
        return keys;
    }

    private static String name(RecordComponent section, RecordComponent component) {
        return dashed(section.getName()) + "." + dashed(component.getName());
    }

    /** {@code embSz} to {@code emb-sz}. */
    private static String dashed(String camel) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < camel.length(); i++) {
            char c = camel.charAt(i);
            if (Character.isUpperCase(c)) {
                text.append('-');
            }
            text.append(Character.toLowerCase(c));
        }
        return text.toString();
    }

    private static Object read(RecordComponent component, Object record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(component.toString(), e);
        }
    }

    private static <R> R create(Class<R> type, List<? extends @Nullable Object> arguments) {
        try {
            return type.cast(type.getConstructors()[0].newInstance(arguments.toArray()));
        } catch (InstantiationException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(type.toString(), e);
        }
    }
}
