package dev.tarn.report;

import dev.tarn.ConfigException;
import dev.tarn.run.AtomicFile;
import dev.tarn.run.FileErrors;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * {@code report.html}: a run on one page that needs nothing beside it, with the table of its epochs, its plots as they
 * stand in the folder, its configuration and its provenance. A run under way can be reported on.
 */
public final class RunReport {

    private static final String STYLE = "body{font:15px/1.5 sans-serif;max-width:960px;margin:2em auto;padding:0 1em}"
            + "table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd}"
            + "img{max-width:100%}pre{background:#f6f6f6;padding:1em;overflow-x:auto}";

    private static final String FIRST = "epoch";

    private RunReport() {}

    /**
     * Writes it; the file appears whole or not at all.
     *
     * @return the file
     * @throws ConfigException if a part of the run cannot be read or the report cannot be written
     */
    public static Path write(RunFolder folder) {
        Path file = folder.resolve("report.html");
        try {
            AtomicFile.writeString(file, html(folder));
        } catch (IOException e) {
            throw new ConfigException(
                    "The report " + file + " cannot be made (" + FileErrors.reason(e)
                            + "); see that the run folder can be read and written.",
                    e);
        }
        return file;
    }

    private static String html(RunFolder folder) throws IOException {
        String name = escaped(
                String.valueOf(folder.path().toAbsolutePath().normalize().getFileName()));
        StringBuilder html = new StringBuilder(
                        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
                .append(name)
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head><body>\n<h1>")
                .append(name)
                .append("</h1>\n<h2>Epochs</h2>\n");
        List<JsonEvent> epochs = MetricsLog.read(folder.metricsFile()).stream()
                .filter(event -> event.kind().equals("epoch"))
                .toList();
        html.append(epochs.isEmpty() ? "<p>None is over yet.</p>\n" : table(epochs))
                .append("<h2>Plots</h2>\n");
        for (Path plot : plots(folder)) {
            html.append("<p><img alt=\"")
                    .append(escaped(String.valueOf(plot.getFileName())))
                    .append("\" src=\"data:image/png;base64,")
                    .append(Base64.getEncoder().encodeToString(Files.readAllBytes(plot)))
                    .append("\"></p>\n");
        }
        return html.append("<h2>Configuration</h2>\n<pre>")
                .append(escaped(folder.settings().toYaml()))
                .append("</pre>\n<h2>Provenance</h2>\n<pre>")
                .append(escaped(folder.provenance()))
                .append("</pre>\n</body></html>\n")
                .toString();
    }

    private static List<Path> plots(RunFolder folder) throws IOException {
        if (!Files.isDirectory(folder.plots())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder.plots())) {
            return files.filter(file -> file.toString().endsWith(".png"))
                    .sorted()
                    .toList();
        }
    }

    /** A row for every epoch, a column for every number that any of them has. */
    private static String table(List<JsonEvent> epochs) {
        List<String> columns = epochs.stream()
                .flatMap(epoch -> epoch.keys().stream().filter(key -> Double.isFinite(epoch.real(key))))
                .distinct()
                .filter(key -> !key.equals(FIRST))
                .sorted()
                .toList();
        StringBuilder table = new StringBuilder("<table><tr><th>").append(FIRST);
        columns.forEach(column -> table.append("<th>").append(escaped(column.replace('_', ' '))));
        for (JsonEvent epoch : epochs) {
            table.append("\n<tr><td>").append((long) epoch.real(FIRST));
            for (String column : columns) {
                double value = epoch.real(column);
                table.append("<td>").append(Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "");
            }
        }
        return table.append("\n</table>\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
