//! Runs a fake quantize over the stream of a case, with gradients.

use qdq::quant::QuantizationSpec;
use qdq::quant::fake_quant::{
    FakeQuantize, FakeQuantizeBase, FixedQParamsFakeQuantize, FusedMovingAvgObsFakeQuantize,
    LearnableFakeQuantize, LearnableInit, Switches,
};

use super::golden::{Array, Case, Golden, Outcome};
use super::streams;

pub(crate) fn run(case: &Case) -> Outcome {
    let Some(mut fake_quantize) = make(case) else {
        return Outcome::error("construct");
    };
    let batches = streams::batches(&case.stream, &case.shape);
    let mut steps = Vec::new();
    for (step, &(observer, fake_quant)) in case.schedule.as_ref().unwrap().iter().enumerate() {
        *fake_quantize.switches_mut() = Switches { observer: observer == 1, fake_quant: fake_quant == 1 };
        let x = &batches[step % batches.len()];
        let Ok(y) = fake_quantize.forward(x) else {
            steps.push(Outcome::error("forward"));
            break;
        };
        let grad = streams::gradient(&case.stream, step, x.shape());
        let gradients = fake_quantize.backward(x, &grad).unwrap();
        let outcome = Outcome {
            y: Some(Array::of(y.as_slice().unwrap())),
            dx: Some(Array::of(gradients.x.as_slice().unwrap())),
            ..Outcome::default()
        };
        // torch's fused one leaves its parameters uninitialised until it quantizes.
        let has_qparams = fake_quant == 1 || !case.name.starts_with("Fused");
        steps.push(if has_qparams { outcome.with_qparams(&fake_quantize.qparams()) } else { outcome });
    }
    Outcome { steps, converted: Some(converted(&*fake_quantize)), ..Outcome::default() }
}

fn converted(fake_quantize: &dyn FakeQuantizeBase) -> Box<Outcome> {
    Box::new(match fake_quantize.calculate_qparams() {
        Ok(qparams) => Outcome::default().with_qparams(&qparams),
        Err(_) => Outcome::error("calculate"),
    })
}

fn make(case: &Case) -> Option<Box<dyn FakeQuantizeBase>> {
    let spec = |observer: &str| case.spec(observer);
    Some(match case.name.as_str() {
        "FakeQuantize" => Box::new(FakeQuantize::new(&spec(case.observer.as_ref()?)).ok()?),
        "FusedMovingAvgObsFakeQuantize" => {
            Box::new(FusedMovingAvgObsFakeQuantize::new(&spec(case.observer.as_ref()?)).ok()?)
        }
        "FixedQParamsFakeQuantize" => {
            let scale = case.scale.as_ref()?.numbers()[0];
            let zero_point = case.zero_point.as_ref()?.as_i64()? as i32;
            Box::new(FixedQParamsFakeQuantize::new(&spec("MinMaxObserver"), scale, zero_point).ok()?)
        }
        other => panic!("no fake quantize {other}"),
    })
}

pub(crate) fn run_learnable(golden: &Golden, case: &Case) -> Outcome {
    let spec: QuantizationSpec = case.spec(case.observer.as_ref().unwrap());
    let init = if golden.source == "torch" { LearnableInit::Torch } else { LearnableInit::TorchAo };
    let Ok(mut learnable) = LearnableFakeQuantize::new(&spec, init, case.scaling.unwrap()) else {
        return Outcome::error("construct");
    };
    let batches = streams::batches(&case.stream, &case.shape);
    let mut steps = Vec::new();
    for step in 0..5 {
        let x = &batches[step % batches.len()];
        if step == 2 {
            learnable.enable_learning();
        }
        if let (true, Some((scale, zero_point))) = (step >= 2, learnable.learned_mut()) {
            for scale in scale.iter_mut() {
                *scale *= [0.75, 0.9, 1e-9][step - 2];
            }
            for zero_point in zero_point.iter_mut() {
                *zero_point += [0.3, -3.7, 1.5][step - 2];
            }
        }
        let Ok(y) = learnable.forward(x) else {
            steps.push(Outcome::error("forward"));
            break;
        };
        let grad = streams::gradient(&case.stream, step, x.shape());
        let gradients = learnable.backward(x, &grad).unwrap();
        steps.push(Outcome {
            y: Some(Array::of(y.as_slice().unwrap())),
            dx: Some(Array::of(gradients.x.as_slice().unwrap())),
            scale: Some(Array::of(learnable.learned().0)),
            real_zero_point: Some(Array::of(learnable.learned().1)),
            dscale: gradients.scale.map(|scale| Array::of(&scale)),
            dzero: gradients.zero_point.map(|zero_point| Array::of(&zero_point)),
            ..Outcome::default()
        });
    }
    Outcome { steps, converted: Some(converted(&learnable)), ..Outcome::default() }
}
