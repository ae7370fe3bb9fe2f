package dev.tarn.train;

import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** The CSV of a golden case and its description. */
record GoldenTable(JsonNode description, List<String> columns, List<double[]> rows) {

    /** Every case that the JSON files with this prefix describe. */
    static List<GoldenTable> all(String prefix) {
        return Golden.cases(prefix).stream().flatMap(GoldenTable::of).toList();
    }

    private static Stream<GoldenTable> of(GoldenCase golden) {
        return golden.json().path("cases").valueStream().map(GoldenTable::load);
    }

    private static GoldenTable load(JsonNode description) {
        try {
            List<String> lines = Files.readAllLines(
                    Golden.dir().resolve(description.path("csv").asString()));
            List<double[]> rows = lines.stream()
                    .skip(1)
                    .filter(line -> !line.isBlank())
                    .map(line -> Stream.of(line.split(",", -1))
                            .mapToDouble(cell -> cell.equals("nan") ? Double.NaN : Double.parseDouble(cell))
                            .toArray())
                    .toList();
            return new GoldenTable(description, List.of(lines.get(0).split(",", -1)), rows);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    double at(int row, String column) {
        return rows.get(row)[columns.indexOf(column)];
    }

    int groups() {
        return description.path("groups").asInt();
    }

    @Override
    public String toString() {
        return description.path("name").asString();
    }
}
