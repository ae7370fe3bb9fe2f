package dev.tarn.run;

import dev.tarn.ConfigException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys of {@link RunConfig}, read from its records once, and the way between records and a flat map of keys. */
public final class ConfigSchema {

    private static final Map<String, ConfigKey> KEYS = readKeys();

    private ConfigSchema() {}

    /** All keys in the order of the file. */
    public static List<ConfigKey> keys() {
        return List.copyOf(KEYS.values());
    }

    static boolean has(String name) {
        return KEYS.containsKey(name);
    }

    /** The key of this name; names of the schema only. */
    static ConfigKey key(String name) {
        ConfigKey key = KEYS.get(name);
        if (key == null) {
            throw new IllegalArgumentException("No key " + name);
        }
        return key;
    }

    static Object defaultValue(String name) {
        Object value = values(RunConfig.defaults()).get(name);
        if (value == null) {
            throw new IllegalArgumentException("No key " + name);
        }
        return value;
    }

    /** Every key with its value, in the order of the file; the map is the caller's. */
    static Map<String, Object> values(RunConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (RecordComponent section : RunConfig.class.getRecordComponents()) {
            Object record = read(section, config);
            for (RecordComponent component : section.getType().getRecordComponents()) {
                values.put(name(section, component), read(component, record));
            }
        }
        return values;
    }

    /** Every key with its value as it is typed, in the order of the file. */
    static Map<String, String> texts(RunConfig config) {
        Map<String, String> texts = new LinkedHashMap<>();
        values(config).forEach((key, value) -> texts.put(key, ConfigKey.text(value)));
        return texts;
    }

    /** Sets a key from what somebody wrote. */
    static void put(Map<String, Object> values, ConfigEntry entry) {
        ConfigKey key = KEYS.get(entry.key());
        if (key == null) {
            String nearest = Nearest.key(entry.key(), KEYS.keySet());
            throw new ConfigException("There is no key " + entry.key() + " (" + entry.origin() + "); did you mean "
                    + nearest + "? --print-config lists all.");
        }
        values.put(entry.key(), key.parse(entry));
    }

    /** The records from a complete map. */
    static RunConfig build(Map<String, Object> values) {
        List<Object> sections = new ArrayList<>();
        for (RecordComponent section : RunConfig.class.getRecordComponents()) {
            List<@Nullable Object> arguments = new ArrayList<>();
            for (RecordComponent component : section.getType().getRecordComponents()) {
                arguments.add(values.get(name(section, component)));
            }
            sections.add(create(section.getType(), arguments));
        }
        return (RunConfig) create(RunConfig.class, sections);
    }

    private static Map<String, ConfigKey> readKeys() {
        Map<String, ConfigKey> keys = new LinkedHashMap<>();
        for (RecordComponent section : RunConfig.class.getRecordComponents()) {
            for (RecordComponent component : section.getType().getRecordComponents()) {
                Setting setting = component.getAnnotation(Setting.class);
                if (setting == null) {
                    throw new IllegalStateException(component + " lacks @Setting");
                }
                Class<?> element = component.getGenericType() instanceof ParameterizedType list
                        ? (Class<?>) list.getActualTypeArguments()[0]
                        : component.getType();
                String name = name(section, component);
                keys.put(name, new ConfigKey(name, component.getType(), element, setting));
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

    private static Object create(Class<?> type, List<? extends @Nullable Object> arguments) {
        Constructor<?> constructor = type.getConstructors()[0];
        try {
            return constructor.newInstance(arguments.toArray());
        } catch (InstantiationException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(type.toString(), e);
        }
    }
}
