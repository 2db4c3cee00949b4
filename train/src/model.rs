//! GPT-2 (Radford et al. 2019) to be trained: learned positions, LayerNorm before each half of a block, gelu_new, the
//! unembedding tied to the embedding.

use crate::noise::Noise;
use crate::recipe::{Recipe, Shape};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

/// sqrt(2 / pi), twice: gelu_new is x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
const TWO_SQRT_2_OVER_PI: f32 = 1.595_769;
/// What masks a later position or a token: finite, so that no NaN can come of it.
pub const MASKED: f32 = -1e9;

#[derive(Module, Debug)]
pub struct Gpt2 {
    pub wte: Param<Tensor<2>>,
    pub wpe: Param<Tensor<2>>,
    pub h: Vec<Block>,
    pub ln_f: LayerNorm,
    n_head: usize,
}

#[derive(Module, Debug)]
pub struct Block {
    pub ln_1: LayerNorm,
    pub q: Linear,
    pub k: Linear,
    pub v: Linear,
    pub o: Linear,
    pub ln_2: LayerNorm,
    pub fc: Linear,
    pub out: Linear,
}

impl Gpt2 {
    pub fn new(recipe: &Recipe, n_vocab: usize, device: &Device) -> Self {
        let shape = recipe.shape;
        let mut noise = Noise::new(recipe.seed, "weights");
        let d = shape.d_model;
        let wte = noise.normal(n_vocab, d, recipe.embedding_std, device);
        let wpe = sinusoids(shape, recipe.position_std, device);
        let h = (0..shape.n_layer)
            .map(|layer| Block::new(layer, recipe, &mut noise, device))
            .collect();
        Self {
            wte: Param::from_tensor(wte),
            wpe: Param::from_tensor(wpe),
            h,
            ln_f: norm(d, device),
            n_head: shape.n_head,
        }
    }

    /// After `ln_f`: [batch, time, d_model]. Heads in `ablated`, as (layer, head), write nothing at the position `last`
    /// of their row.
    pub fn forward(
        &self,
        tokens: Tensor<2, Int>,
        left_out: Option<&LeftOut>,
        ablated: &[(usize, usize)],
        last: &[usize],
    ) -> Tensor<3> {
        let [batch, time] = tokens.dims();
        let [_, d] = self.wte.dims();
        let e = self
            .wte
            .val()
            .select(0, tokens.reshape([batch * time]))
            .reshape([batch, time, d]);
        let mut x = e.clone() + self.wpe.val().narrow(0, 0, time).unsqueeze::<3>();
        let mask = causal(time, &x.device());
        for (layer, block) in self.h.iter().enumerate() {
            let off: Vec<usize> = ablated.iter().filter(|h| h.0 == layer).map(|h| h.1).collect();
            let attention = |x| block.attention(x, &mask, self.n_head, &off, last);
            x = match left_out {
                Some(out) if layer == 0 => {
                    let x = add_to(x, &out.with_first_heads, attention);
                    // Of some tokens only what the first MLP made of them goes on.
                    x.clone() - e.clone() * out.embedding.clone() + block.mlp(x)
                }
                Some(out) => {
                    let x = x.clone() + attention(x);
                    add_to(x, &out.with_mlp[layer - 1], |x| block.mlp(x))
                }
                None => {
                    let x = x.clone() + attention(x);
                    x.clone() + block.mlp(x)
                }
            };
        }
        self.ln_f.forward(x)
    }

    pub fn n_head(&self) -> usize {
        self.n_head
    }

    /// MLP_0(LN2_0(e)) of every token: [n_vocab, d_model].
    pub fn first_mlp(&self) -> Tensor<2> {
        self.h[0].mlp(self.wte.val().unsqueeze::<3>()).squeeze_dim(0)
    }
}

impl Block {
    fn new(layer: usize, recipe: &Recipe, noise: &mut Noise, device: &Device) -> Self {
        let (d, std) = (recipe.shape.d_model, recipe.weight_std);
        // What writes into the stream starts smaller, as in GPT-2; but the first MLP is the tokens' carrier.
        let small = std / (2.0 * recipe.shape.n_layer as f32).sqrt();
        let mut linear = |from, to, std| Linear {
            weight: Param::from_tensor(noise.normal(from, to, std, device)),
            bias: Some(Param::from_tensor(Tensor::zeros([to], device))),
        };
        Self {
            q: linear(d, d, std),
            k: linear(d, d, std),
            v: linear(d, d, std),
            o: linear(d, d, small),
            fc: linear(d, 4 * d, std),
            out: linear(4 * d, d, if layer == 0 { std } else { small }),
            ln_1: norm(d, device),
            ln_2: norm(d, device),
        }
    }

    /// What the heads write: [batch, time, d_model].
    fn attention(&self, x: Tensor<3>, mask: &Tensor<4>, n_head: usize, off: &[usize], last: &[usize]) -> Tensor<3> {
        let [batch, time, d] = x.dims();
        let x = self.ln_1.forward(x);
        let heads = |y: Tensor<3>| y.reshape([batch, time, n_head, d / n_head]).swap_dims(1, 2); // [B, H, T, d_head]
        let (q, k, v) = (
            heads(self.q.forward(x.clone())),
            heads(self.k.forward(x.clone())),
            heads(self.v.forward(x)),
        );
        let scores = q
            .matmul(k.swap_dims(2, 3))
            .mul_scalar(1.0 / ((d / n_head) as f32).sqrt())
            + mask.clone();
        let mut z = softmax(scores, 3).matmul(v);
        if !off.is_empty() {
            z = z * switches(last, time, n_head, off, &mask.device());
        }
        self.o.forward(z.swap_dims(1, 2).reshape([batch, time, d]))
    }

    /// W_V [d_model, d_head] and W_O [d_head, d_model] of a head.
    pub fn value_output(&self, head: usize, n_head: usize) -> (Tensor<2>, Tensor<2>) {
        let [d, _] = self.v.weight.dims();
        let at = head * d / n_head..(head + 1) * d / n_head;
        (
            self.v.weight.val().slice([0..d, at.clone()]),
            self.o.weight.val().slice([at, 0..d]),
        )
    }

    fn mlp(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.fc.forward(self.ln_2.forward(x));
        let cubed = x.clone() * x.clone() * x.clone();
        let inner = (x.clone() + cubed.mul_scalar(0.044715)).mul_scalar(TWO_SQRT_2_OVER_PI);
        self.out.forward(x * sigmoid(inner))
    }
}

/// Adds what `f` makes of some rows to them; the others stay. x is [batch, time, d_model].
fn add_to(x: Tensor<3>, rows: &Tensor<1, Int>, f: impl FnOnce(Tensor<3>) -> Tensor<3>) -> Tensor<3> {
    let added = f(x.clone().select(0, rows.clone()));
    x.select_assign(0, rows.clone(), added, IndexingUpdateOp::Add)
}

/// What a training step leaves out.
pub struct LeftOut {
    /// 1 where the embedding itself goes no further than block 0: [batch, time, 1].
    pub embedding: Tensor<3>,
    /// Rows for which the first block's heads write.
    pub with_first_heads: Tensor<1, Int>,
    /// Rows for which each later MLP writes.
    pub with_mlp: Vec<Tensor<1, Int>>,
}

impl LeftOut {
    pub fn draw(recipe: &Recipe, batch: usize, time: usize, noise: &mut Noise, device: &Device) -> Self {
        let gone = noise.chosen(batch * time, recipe.leave_out_embedding, 1.0, 0.0);
        let mut rows = |left_out: f32| {
            let kept = (batch as f32 * (1.0 - left_out)).round() as usize;
            Tensor::from_data(TensorData::new(noise.some(batch, kept), [kept]), device)
        };
        let with_first_heads = rows(recipe.leave_out_first_heads);
        let with_mlp = (1..recipe.shape.n_layer).map(|_| rows(recipe.leave_out_mlp)).collect();
        Self {
            embedding: Tensor::from_data(TensorData::new(gone, [batch, time, 1]), device),
            with_first_heads,
            with_mlp,
        }
    }
}

fn norm(d: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(d).with_epsilon(1e-5).init(device)
}

/// [1, 1, time, time]
fn causal(time: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..time * time)
        .map(|i| if i % time > i / time { MASKED } else { 0.0 })
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 1, time, time]), device)
}

/// [batch, n_head, time, 1]: 0 where a head is off, at the last position of each row.
fn switches(last: &[usize], time: usize, n_head: usize, off: &[usize], device: &Device) -> Tensor<4> {
    let mut values = vec![1.0f32; last.len() * n_head * time];
    for (row, last) in last.iter().enumerate() {
        for head in off {
            values[(row * n_head + head) * time + last] = 0.0;
        }
    }
    Tensor::from_data(TensorData::new(values, [last.len(), n_head, time, 1]), device)
}

/// Where positions start: waves of many lengths, from which a neighbour is easily told. They are trained like the rest.
fn sinusoids(shape: Shape, std: f32, device: &Device) -> Tensor<2> {
    let half = shape.d_model / 2;
    let amplitude = std * std::f32::consts::SQRT_2;
    let mut values = Vec::with_capacity(shape.n_ctx * shape.d_model);
    for position in 0..shape.n_ctx {
        let angle = |i: usize| position as f32 * 200f32.powf(-(i as f32) / half as f32);
        values.extend((0..half).map(|i| amplitude * angle(i).sin()));
        values.extend((0..half).map(|i| amplitude * angle(i).cos()));
    }
    Tensor::from_data(TensorData::new(values, [shape.n_ctx, shape.d_model]), device)
}
