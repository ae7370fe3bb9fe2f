package dev.tarn.run;

import java.util.List;

/**
 * A key and its value as somebody wrote them.
 *
 * @param key dotted
 * @param values the text, or the texts of a list
 * @param origin where it stands: {@code "tarn.yaml line 3"} or the flag
 */
record ConfigEntry(String key, List<String> values, String origin) {}
