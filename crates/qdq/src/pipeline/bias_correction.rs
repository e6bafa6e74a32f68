//! Biases corrected on data.

use super::quantize::finish;
use super::{Observation, Prepared, Progress, QuantizeOptions, Quantized, for_each_sample};
use crate::data::{Dataset, Sample};
use crate::error::Result;
use crate::exec::{Program, Taps};
use crate::quant::{self, channel_sums, correct_bias, error_graph};

/// Samples that means are taken over.
const MOST_SAMPLES: usize = 64;

/// Quantizes, measures what rounded weights add to each channel, and quantizes again with biases that make up for it.
///
/// # Errors
/// What quantizing refuses; data that does not fit.
pub(super) fn quantize_corrected(
    prepared: Prepared,
    observation: Observation,
    dataset: &Dataset,
    options: &QuantizeOptions,
    progress: &dyn Progress,
) -> Result<Quantized> {
    let quantized = finish(prepared.clone(), observation.clone())?;
    let Prepared { mut graph, mut plan, report } = prepared;
    let calibrated = observation.observed.calibrate(&graph, &mut plan)?;
    let smoothed = calibrated.smoothing.into_keys().map(|(_, value)| value);
    let evened = calibrated.evened.into_keys().filter(|place| place.block == 0);
    let evened = evened.filter_map(|place| graph.body.nodes[place.node].output(0));
    let scaled = smoothed.chain(evened).collect();
    let (with_errors, layers) = error_graph(&graph, &quantized.graph, &scaled)?;
    let n_outputs = graph.body.outputs.len();
    let samples = dataset.first(MOST_SAMPLES).samples(&graph)?;
    let program = Program::new(with_errors, Taps::default())?;
    let mut totals: Vec<(Vec<f64>, usize)> = vec![(Vec::new(), 0); layers.len()];
    progress.start("correcting biases", samples.len());
    let work = |(): &mut (), sample: Sample| {
        let outputs = program.run(sample.feeds, &mut |_, _| Ok(()))?;
        outputs[n_outputs..].iter().map(channel_sums).collect::<Result<Vec<_>>>()
    };
    for_each_sample(
        samples,
        options.n_threads,
        progress,
        || (),
        work,
        |_, sums| {
            for ((total, count), (sums, n)) in totals.iter_mut().zip(sums) {
                total.resize(sums.len(), 0.0);
                total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
                *count += n;
            }
            Ok(())
        },
    )?;
    progress.finish();
    for (layer, (total, count)) in layers.iter().zip(&totals) {
        let mean: Vec<f32> = total.iter().map(|sum| (sum / (*count).max(1) as f64) as f32).collect();
        correct_bias(&mut graph, layer.node, &mean)?;
    }
    let plan = quant::plan(&graph, &options.recipe, &options.target)?;
    let mut corrected = finish(Prepared { graph, plan, report }, observation)?;
    corrected.report.n_corrected = layers.len();
    Ok(corrected)
}
