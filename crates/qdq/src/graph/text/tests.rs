use super::{parse, print};

const TINY: &str = r#"graph "tiny"(%x: f32[N,2], %d: i64[2] = [1, -2]) {
  %w: i8<-127:127>[2]{axis=0, scale=[0.5, 0.25], zero_point=[0, 0]} = const [1, -3]
  %f: f32[3] = const [0.1, inf, NaN]
  %y, _, %"z:0": bool[*] = custom(%x, _, %w, %f) {domain="a.b", name="Op", version=3} @"block/Op"
  return %y, %"z:0"
}
"#;

#[test]
fn print_and_parse_are_inverse() {
    let graph = parse(TINY).unwrap();
    assert_eq!(print(&graph), TINY);
    assert_eq!(graph.body.nodes[0].outputs.len(), 3);
}

#[test]
fn errors_name_the_line() {
    let error = parse("graph(%x: f32[1]) {\n  %y = nonsense(%x)\n  return %y\n}").unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
    let error = parse("graph(%x: f32[1]) {\n  return %y\n}").unwrap_err();
    assert!(error.to_string().contains("%y"), "{error}");
    assert!(parse("graph(%x: f32[1]) {\n  %x = custom()\n return %x }").is_err());
}

#[test]
fn random_constants_are_reproducible() {
    let text = "graph() {\n  %w: f32[1000] = const random(seed=7, std=2.0)\n  return %w\n}";
    let graph = parse(text).unwrap();
    let numbers = graph[graph.body.outputs[0]].constant.as_ref().unwrap().to_f32_vec().unwrap();
    let mean = numbers.iter().sum::<f32>() / 1000.0;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 1000.0;
    assert!(mean.abs() < 0.3 && (variance - 4.0).abs() < 0.6, "{mean} {variance}");
}
